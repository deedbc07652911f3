import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createEngine } from "../../src/tile/engine.ts";
import { withRuntime } from "../run/runtime.ts";
import { inFolder } from "../storage/folder.ts";
import { type Body, json, network, npy, serving } from "./running.ts";

Deno.test("inputs and outputs that do not fit are refused before anything runs", () =>
  serving([network("convolutions"), network("attention")], async (ask) => {
    const picture = { shape: [1, 3, 6, 8], values: Array(144).fill(0) };
    const cases: readonly [unknown, RegExp][] = [
      [{ inputs: {} }, /input "picture" is missing: FLOAT \[n, 3, 6, 8\]/],
      [{ inputs: { photo: picture } }, /no input "photo"; the network takes "picture"/],
      [{ inputs: { picture: [[1, 2]] } }, /"picture" is \[1,2\], expected \[n, 3, 6, 8\]/],
      [{ inputs: { picture: { ...picture, shape: [1, 3, 8, 6] } } }, /is \[1,3,8,6\], expected/],
      [{ inputs: { picture: { ...picture, shape: [2, 3, 6, 8] } } }, /144 values, expected 288/],
      [{ inputs: { picture: { ...picture, shape: [-1] } } }, /the shape .*, expected a list/],
      [{ inputs: { picture: [[1, 2], [3]] } }, /lists that differ in length/],
      [{ inputs: { picture: { ...picture, values: Array(144).fill("0") } } }, /expected FLOAT/],
      [{ inputs: { picture }, outputs: ["nothing"] }, /no output "nothing"; of 6 the first are/],
      [{ inputs: { picture }, outputs: 7 }, /outputs that are no list of names/],
      [{ outputs: [] }, /without inputs/],
      [[], /no object/],
    ];
    for (const [body, detail] of cases) {
      const { status, body: problem } = await ask(
        "POST",
        "/models/convolutions/forward",
        json(body),
      );
      assertEquals(status, 400, JSON.stringify(problem));
      assertMatch(problem.detail, detail);
    }
    const text = { "Content-Type": "text/plain" };
    for (
      const [path, init, detail] of [
        [
          "convolutions/forward",
          { body: "{", headers: { "Content-Type": "application/json" } },
          /not JSON/,
        ],
        ["convolutions/forward", { body: "x", headers: text }, /type "text\/plain" is no input/],
        [
          "convolutions/forward?colour=1",
          { body: "x", headers: text },
          /unknown parameter "colour"/,
        ],
        [
          "attention/forward",
          { body: "x", headers: { "Content-Type": "image/png" } },
          /a picture cannot be put into "tokens", which is \[1, 5, 8\]/,
        ],
      ] as const
    ) {
      const refused = await ask("POST", `/models/${path}`, init);
      assertEquals(refused.status, 400, path);
      assertMatch(refused.body.detail, detail);
    }
    const named = "/models/convolutions/forward?input=photo";
    const photo = await ask("POST", named, await npy("picture.npy"));
    assertMatch(photo.body.detail, /no input "photo"/);
    const large = await ask("POST", "/models/convolutions/forward", {
      ...{ body: new Uint8Array(2 ** 26 + 1), headers: { "Content-Type": "image/png" } },
    });
    assertEquals([large.status, large.body.limit], [413, 2 ** 26]);
    const broken = await ask("POST", "/models/convolutions/forward", {
      ...{ body: "no array", headers: { "Content-Type": "application/octet-stream" } },
    });
    assertEquals(broken.status, 422);
    const models = (await ask("GET", "/models")).body.models;
    assertEquals(models.length, 2);
  }));

Deno.test("only ONNX files are run, and only by who may write", async () => {
  const other = new URL("../../fixtures/models/burn-mnist.safetensors", import.meta.url).pathname;
  await serving([other, network("convolutions")], async (ask) => {
    const body = json({ inputs: {} });
    const refused = await ask("POST", "/models/burn-mnist/forward", body);
    assertEquals(refused.status, 400);
    assertMatch(refused.body.detail, /of the format safetensors: only ONNX files can be run/);
    assertEquals((await ask("POST", "/models/nobody/forward", body)).status, 404);
    const path = "/models/convolutions/forward";
    assertEquals((await ask("POST", path, { ...body, token: null })).status, 401);
    assertEquals((await ask("DELETE", path)).status, 405);
  });
});

/** A file of tensors of all types, in which nothing is computed. */
const tensors = new URL("../../fixtures/onnx/types.onnx", import.meta.url).pathname;

withRuntime(
  "what the runtime lacks, or has no memory or no time for, is said",
  () =>
    serving([...["endless", "huge", "unknown"].map(network), tensors], async (ask) => {
      const lacking = await ask("POST", "/models/unknown/forward", json({ inputs: { x: [1] } }));
      assertEquals(lacking.status, 422);
      assertMatch(lacking.body.detail, /example\.ops:Nothing.* is not a registered function\/op/);
      // Tensors alone, of a kilobyte: it is not memory that lacks.
      const odd = await ask("POST", "/models/types/forward", json({ inputs: {} }));
      assertEquals(odd.status, 422, odd.body.detail);
      assertMatch(odd.body.detail, /^types\.onnx cannot be opened by the runtime, which does/);
      const huge = await ask(
        "POST",
        "/models/huge/forward",
        json({ inputs: { sides: [1e5, 1e5] } }),
      );
      assertEquals(huge.status, 413, huge.body.detail);
      assertMatch(huge.body.detail, /more memory/);
      const large = await ask(
        "POST",
        "/models/huge/forward",
        json({ inputs: { sides: [300, 300] } }),
      );
      assertEquals(large.status, 413, large.body.detail);
      assertMatch(large.body.detail, /more than 200000 bytes/);

      const start = { shape: [8, 8], values: Array(64).fill(1) };
      const began = performance.now();
      const ending = ask("POST", "/models/endless/forward", json({ inputs: { start } }));
      const meanwhile = await ask(
        "POST",
        "/models/huge/forward",
        json({ inputs: { sides: [2, 2] } }),
      );
      assertEquals([meanwhile.status, meanwhile.headers.get("Retry-After")], [503, "1"]);
      assertEquals((await ask("GET", "/models/endless")).status, 200);
      const ended = await ending;
      assertEquals(ended.status, 503);
      assertMatch(ended.body.detail, /ended after 1\.5 s/);
      assert(performance.now() - began < 20_000);
      assertEquals(
        (await ask("POST", "/models/huge/forward", json({ inputs: { sides: [2, 2] } }))).status,
        201,
      );
    }, { time: 1500, bytes: 200_000 }),
);

withRuntime(
  "runs are kept while they are few and small; the oldest go first",
  () =>
    serving([network("convolutions"), network("types")], async (ask) => {
      const picture = { shape: [1, 3, 6, 8], values: Array(144).fill(0) };
      const run = () => ask("POST", "/models/convolutions/forward", json({ inputs: { picture } }));
      const steps = async () => {
        const { body } = await ask("GET", "/models/convolutions-live");
        return body.steps.map(({ step }: Body) => step);
      };
      // 576 + 768 + 768 + 960 + 20 + 20 + 8 bytes a run.
      for (let i = 0; i < 3; i++) await run();
      assertEquals(await steps(), [2, 3]);
      const old = await ask("GET", "/models/convolutions-live?step=1");
      assertEquals(old.status, 400);
      assertMatch(old.body.detail, /has the steps 2, 3/);
      await ask("POST", "/models/types/forward", json({ inputs: { a: [1], b: [1] } }));
      assertEquals(await steps(), [3]);
    }, { kept: 6245, steps: 2 }),
);

withRuntime(
  "of a network, no more runs are kept than are wanted",
  () =>
    serving([network("types")], async (ask) => {
      for (const a of [1, 2]) {
        await ask("POST", "/models/types/forward", json({ inputs: { a: [a], b: [1] } }));
      }
      const { steps } = (await ask("GET", "/models/types-live")).body;
      assertEquals(steps.map(({ step }: Body) => step), [2]);
    }, { steps: 1 }),
);

for (const asked of ["net-live", "net"]) {
  withRuntime(
    `runs are gone with the version of the file that they are of, told by ${asked}`,
    () =>
      inFolder(async (folder) => {
        const path = `${folder}/net.onnx`;
        await Deno.copyFile(network("types"), path);
        await serving([path], async (ask) => {
          const inputs = { a: [1], b: [1] };
          assertEquals((await ask("POST", "/models/net/forward", json({ inputs }))).status, 201);
          await Deno.copyFile(network("convolutions"), path);
          await new Promise((resolve) => setTimeout(resolve, 200));
          const first = await ask("GET", `/models/${asked}`);
          assertEquals(first.status, asked === "net" ? 409 : 404, first.body.detail);
          await ask("GET", "/models/net");
          await new Promise((resolve) => setTimeout(resolve, 200));
          assertEquals((await ask("GET", "/models/net")).body.parameters, 149);
          const ids = (await ask("GET", "/models")).body.models.map(({ id }: Body) => id);
          assertEquals(ids, ["net"]);
        });
      }),
  );
}

withRuntime("closing the server ends a run", async () => {
  const engine = await createEngine([network("endless")], { workers: 0 });
  const value = { shape: [8, 8], values: Array(64).fill(1) };
  const inputs = new Map([["start", { kind: "json", value } as const]]);
  const running = assertRejects(() => engine.forward("endless", { inputs }), DOMException);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await engine.close();
  await running;
});
