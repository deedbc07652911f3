import { assert, assertEquals, assertRejects } from "@std/assert";
import { NotFound } from "../../../src/errors.ts";
import type { Engine } from "../../../src/tile/tile.ts";
import { stub, volumeAt, withVolumes } from "./volume.ts";

const drawn = async (engine: Engine, layer = "a", query = "") => {
  const ticket = engine.ticket(volumeAt(layer, query));
  const tile = await ticket.tile();
  return { ticket, tile, backend: tile.headers["Synaptile-Backend"] };
};

Deno.test("volumes are drawn by WASM unless an engine is told otherwise, and say so", () =>
  withVolumes({ gpuWorker: stub("narrow") }, async (engine) => {
    const { ticket, tile, backend } = await drawn(engine);
    assertEquals([backend, tile.etag], ["wasm", ticket.etag]);
    assertEquals(ticket.headers["Synaptile-Backend"], "wasm");
    assertEquals(await engine.backend(), "wasm");
    assertEquals((await drawn(engine)).ticket.etag, ticket.etag);
    const weights = engine.ticket({ ...volumeAt(), mode: "weights" });
    assertEquals(weights.headers["Synaptile-Backend"], undefined);
  }));

Deno.test("auto draws by WASM until there is known to be a GPU, and the tag tells them apart", () =>
  withVolumes({ backend: "auto", gpuWorker: stub("narrow") }, async (engine, told) => {
    const first = await drawn(engine);
    assertEquals(first.backend, "wasm");
    assertEquals(await engine.backend(), "gpu");
    const second = await drawn(engine);
    assertEquals(second.backend, "gpu");
    assert(second.tile.etag !== first.tile.etag);
    // The answer of one that was asked before is still its own.
    assertEquals((await first.ticket.tile()).bytes, first.tile.bytes);
    assertEquals(told, []);
  }));

Deno.test("auto does without a GPU where there is none", () =>
  withVolumes({ backend: "auto", gpuWorker: stub("none") }, async (engine, told) => {
    assertEquals(await engine.backend(), "wasm");
    assertEquals((await drawn(engine)).backend, "wasm");
    assertEquals(told, []);
  }));

Deno.test("a GPU that is asked for and is not there is an error at the start", async () => {
  const error = await assertRejects(
    () => withVolumes({ backend: "gpu", gpuWorker: stub("none") }, async () => {}),
    NotFound,
    "no WebGPU adapter",
  );
  assertEquals(error.details, { backend: "gpu" });
});

Deno.test("a device that is lost for good leaves volumes to WASM, which is told once", () =>
  withVolumes({ backend: "gpu", gpuWorker: stub("lost") }, async (engine, told) => {
    const [one, two] = await Promise.all([drawn(engine), drawn(engine, "b")]);
    assertEquals([one.backend, two.backend], ["wasm", "wasm"]);
    assert(one.tile.etag !== one.ticket.etag);
    assertEquals(told, ["volumes are drawn without the GPU: the device stub is lost"]);
    // From then on a ticket says so beforehand.
    assertEquals(engine.ticket(volumeAt()).etag, one.tile.etag);
    assertEquals(await engine.backend(), "wasm");
  }));

Deno.test("what is too large for the GPU is drawn without it, other volumes with it", () =>
  withVolumes({ backend: "gpu", gpuWorker: stub("narrow") }, async (engine, told) => {
    assertEquals((await drawn(engine, "a")).backend, "gpu");
    const other = await drawn(engine, "b");
    assertEquals(other.backend, "wasm");
    assertEquals((await drawn(engine, "b", "yaw=3")).backend, "wasm");
    assertEquals((await drawn(engine, "a", "yaw=3")).backend, "gpu");
    assertEquals(told, [
      "a volume is drawn without the GPU: raymarch: this GPU takes 7 voxels a side, got 8",
    ]);
  }));

Deno.test("a worker that cannot be started is no GPU", async () => {
  const gpuWorker = new URL("nowhere.ts", import.meta.url);
  await withVolumes({ backend: "auto", gpuWorker }, async (engine, told) => {
    assertEquals(await engine.backend(), "wasm");
    assertEquals((await drawn(engine)).backend, "wasm");
    assertEquals(told.length, 1);
    assert(told[0]!.startsWith("the GPU cannot be used: "), told[0]);
  });
  await assertRejects(
    () => withVolumes({ backend: "gpu", gpuWorker }, async () => {}),
    NotFound,
    "cannot be drawn on a GPU",
  );
});

Deno.test("a picture that nobody waits for any more is not drawn by WASM instead", () =>
  withVolumes({ backend: "gpu", gpuWorker: stub("narrow") }, async (engine, told) => {
    await drawn(engine);
    const gone = new AbortController();
    const jobs = Array.from({ length: 6 }, (_, i) => engine.ticket(volumeAt("a", `yaw=${i + 1}`)));
    const began = performance.now();
    const waiting = jobs.map((job, i) => job.tile(i < 5 ? gone.signal : undefined));
    const ended = Promise.allSettled(waiting);
    gone.abort();
    const outcomes = await ended;
    assertEquals(outcomes.map(({ status }) => status), [
      ...new Array<string>(5).fill("rejected"),
      "fulfilled",
    ]);
    for (const outcome of outcomes.slice(0, 5)) {
      assertEquals((outcome as PromiseRejectedResult).reason.name, "AbortError");
    }
    assertEquals(told, []);
    assert(performance.now() - began < 4000);
  }));
