import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Changed, Unreadable } from "../../src/errors.ts";
import { createEngine, type EngineOptions } from "../../src/tile/engine.ts";
import type { Engine, Ticket } from "../../src/tile/tile.ts";
import { npyFile, npyHeader, safetensorsFile, zipFile } from "../formats/build.ts";
import { type RangeServer, rangeServer, served, sparse } from "../storage/servers/range.ts";
import { failure, hash, modelFile, tileAt as tileOf } from "./models.ts";

const values = (count: number, seed = 0) =>
  Float32Array.from({ length: count }, (_, i) => hash(i + seed) - 0.5);
const file = modelFile({
  matrix: { shape: [3000, 2000], values: values(6_000_000) },
  small: { shape: [300, 300], values: values(90_000, 7) },
});

const settings: EngineOptions = {
  workers: 2,
  remote: {
    policy: { hosts: [], private: true },
    patience: { attempts: 2, first: 1, longest: 1 },
    believed: 50,
  },
};

/** An engine on a server's "/net.safetensors", and one on a copy on disk. */
async function withBoth(
  test: (far: Engine, near: Engine, server: RangeServer) => Promise<void>,
  bytes: Uint8Array = file,
  name = "net.safetensors",
): Promise<void> {
  await using server = await rangeServer({ [`/${name}`]: served(bytes) });
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/${name}`, bytes);
  const near = await createEngine([`${folder}/${name}`], { workers: 1 });
  const far = await createEngine([`${server.origin}/${name}`], settings);
  try {
    await test(far, near, server);
  } finally {
    await Promise.all([far.close(), near.close()]);
    await Deno.remove(folder, { recursive: true });
  }
}

const tileAt = (...args: Parameters<typeof tileOf>) => ({ ...tileOf(...args), model: "net" });

const refinement = ({ headers }: Ticket) => Number(headers["Synaptile-Refinement"]);

Deno.test("a remote model's tiles are the local one's where its scale does not matter, at once", () =>
  withBoth(async (far, near, server) => {
    assertEquals(server.asked.length, 1);
    assertEquals(far.models()[0]!.id, "net");
    const addresses = [
      tileAt("matrix", [4, 3, 5], "range=-1,1"),
      tileAt("matrix", [3, 1, 1], "range=-1,1", { format: "npy" }),
      tileAt("matrix", [4, 7, 11], "range=0,0.3&colormap=viridis", { density: 2 }),
      tileAt("matrix", [6, 10, 10], "range=-1,1&microcell=1"),
    ];
    for (const address of addresses) {
      const ticket = far.ticket(address);
      assertEquals([refinement(ticket), ticket.preliminary], [1, false]);
      const [a, b] = [await ticket.tile(), await near.ticket(address).tile()];
      assertEquals(a.bytes, b.bytes);
    }
  }));

Deno.test("a tile of a large remote layer is estimated until the layer was read, then exact", () =>
  withBoth(async (far, near, server) => {
    const { version } = far.models()[0]!;
    const address = tileAt("matrix", [4, 3, 5], `v=${version}`);
    server.reset();
    const before = far.ticket(address);
    assert(refinement(before) > 0 && refinement(before) < 0.05);
    assertEquals([before.preliminary, before.immutable], [true, false]);
    const estimated = await before.tile();
    assert(server.sent <= 3 * 256 * 256 * 4, `${server.sent} bytes`);
    assertEquals(far.ticket(address).cached()?.bytes, estimated.bytes);

    const legendOf = (engine: Engine) =>
      engine.legend(engine.view("net", "matrix", "weights", new URLSearchParams()));
    const early = await legendOf(far);
    assertStringIncludes(early.normalization, "estimated from");
    assertEquals(early.refinement, 64 * 512 / 6_000_000);

    // Zoomed out, everything is read.
    const whole = tileAt("matrix", [0, 0, 0]);
    const ticket = far.ticket(whole);
    assertEquals(refinement(ticket), 1);
    assertEquals((await ticket.tile()).bytes, (await near.ticket(whole).tile()).bytes);
    const after = far.ticket(address);
    assertEquals([refinement(after), after.preliminary, after.immutable], [1, false, true]);
    assert(after.etag !== before.etag);
    const there = tileAt("matrix", [4, 3, 5]);
    assertEquals((await after.tile()).bytes, (await near.ticket(there).tile()).bytes);
    assertEquals(await legendOf(far), await legendOf(near));
    // The ticket that was taken before goes on to stand for what it stood for.
    assertEquals((await before.tile()).bytes, estimated.bytes);
  }));

Deno.test("an estimated scale comes close, and is the same every time", async () => {
  const normalizations: string[] = [];
  for (let turn = 0; turn < 2; turn++) {
    await withBoth(async (far, near) => {
      const scaleOf = async (engine: Engine) => {
        const view = engine.view("net", "matrix", "weights", new URLSearchParams());
        const { normalization } = await engine.legend(view);
        normalizations.push(normalization);
        return Number(/x \/ ([\d.e-]+)/.exec(normalization)![1]);
      };
      const [estimated, exact] = [await scaleOf(far), await scaleOf(near)];
      assert(Math.abs(estimated / exact - 1) < 0.03, `${estimated} ${exact}`);
    });
  }
  assertEquals(normalizations[0], normalizations[2]);
});

Deno.test("a small remote layer is read whole and exact from the start", () =>
  withBoth(async (far, near) => {
    for (const address of [tileAt("small", [1, 0, 0]), tileAt("small", [0, 0, 0])]) {
      const ticket = far.ticket(address);
      assertEquals(refinement(ticket), 1);
      assertEquals((await ticket.tile()).bytes, (await near.ticket(address).tile()).bytes);
    }
  }));

Deno.test("summaries, inspections, channels and statistics of a remote model are the local one's", () => {
  const bytes = modelFile({ matrix: { shape: [700, 900], values: values(630_000) } });
  return withBoth(async (far, near, server) => {
    const inspect = (engine: Engine, x: number, y: number, z?: number) =>
      engine.inspect(engine.view("net", "matrix", "stats", new URLSearchParams()), x, y, z);
    assertEquals(await inspect(far, 899, 699), await inspect(near, 899, 699));
    assertEquals(await inspect(far, 3, 4, 1), await inspect(near, 3, 4, 1));
    const artistic = tileAt("matrix", [2, 2, 2], "scientific=0");
    assertEquals(
      (await far.ticket(artistic).tile()).bytes,
      (await near.ticket(artistic).tile()).bytes,
    );
    assertEquals(
      await far.summary(far.model("net"), "matrix"),
      await near.summary(near.model("net"), "matrix"),
    );
    // Having read all of it for the summary, it knows the scale.
    const tile = { ...tileAt("matrix", [2, 1, 1]), mode: "stats" };
    assertEquals(refinement(far.ticket(tile)), 1);
    assertEquals((await far.ticket(tile).tile()).bytes, (await near.ticket(tile).tile()).bytes);
    assert(server.sent < 1.1 * bytes.length, "each byte is fetched once");
  }, bytes);
});

Deno.test("members of a remote archive, compressed or not, draw as local ones do", () => {
  const data = (seed: number) => new Uint8Array(values(700 * 900, seed).buffer);
  const member = (seed: number) => npyFile(npyHeader("<f4", [700, 900]), data(seed));
  const archive = zipFile([
    { name: "packed.npy", data: member(1), deflate: true },
    { name: "plain.npy", data: member(2) },
  ]);
  return withBoth(
    async (far, near) => {
      for (const layer of ["packed", "plain"]) {
        for (const place of [[2, 1, 1], [0, 0, 0]] as const) {
          const address = tileAt(layer, place, "range=-1,1");
          assertEquals(
            (await far.ticket(address).tile()).bytes,
            (await near.ticket(address).tile()).bytes,
          );
        }
      }
    },
    archive,
    "net.npz",
  );
});

/** A model of 15 GB that no disk holds: matrices [8192, 65536] of bfloat16. */
function large() {
  const header: Record<string, object> = {};
  const bytes = 8192 * 65_536 * 2;
  for (let i = 0; i < 14; i++) {
    const data_offsets = [i * bytes, (i + 1) * bytes];
    header[`model.layers.${i}.weight`] = { dtype: "BF16", shape: [8192, 65_536], data_offsets };
  }
  const head = safetensorsFile(header);
  // Exponents around those of small weights, so that no value is NaN or infinite.
  const byte = (at: number) => at % 2 === head.length % 2 ? (at * 37 + (at >> 9)) & 255 : 0x3d;
  return sparse(head, head.length + 14 * bytes, byte);
}

Deno.test("15 GB: opening reads at most 2 MB, a tile at native zoom at most three times its bytes", async () => {
  const object = large();
  assert(object.size > 15e9);
  await using server = await rangeServer({ "/net.safetensors": object });
  const engine = await createEngine([`${server.origin}/net.safetensors`], settings);
  assertEquals(engine.models()[0]!.layers.length, 14);
  assert(server.sent <= 2e6, `${server.sent}`);
  const tileBytes = 256 * 256 * 2;
  for (
    const [layer, x, y, query] of [[0, 100, 20, ""], [0, 101, 20, ""], [3, 7, 31, "range=-1,1"]]
  ) {
    server.reset();
    const address = tileAt(`model.layers.${layer}`, [8, Number(x), Number(y)], String(query));
    await engine.ticket(address).tile();
    assert(server.sent > 0 && server.sent <= 3 * tileBytes, `${server.sent} of ${tileBytes}`);
  }
  await engine.close();
});

Deno.test("a cancelled tile stops its requests", () =>
  withBoth(async (far, _near, server) => {
    server.reset();
    server.fault = () => true; // never answers
    const abort = new AbortController();
    const tile = far.ticket(tileAt("matrix", [4, 3, 5], "range=-1,1")).tile(abort.signal);
    const reason = failure(() => tile);
    await until(() => server.asked.length > 10);
    abort.abort();
    assert(await reason instanceof DOMException);
    await until(() => server.asked.every(({ cut }) => cut));
    const asked = server.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    assertEquals(server.asked.length, asked);
  }));

Deno.test("a remote model that changes is opened anew, and nothing of the old one is drawn", () =>
  withBoth(async (far, _near, server) => {
    const address = tileAt("small", [0, 0, 0]);
    const { version } = far.model("net");
    const before = await far.ticket(address).tile();
    const other = modelFile({
      matrix: { shape: [3000, 2000], values: values(6_000_000) },
      small: { shape: [300, 300], values: values(90_000, 99) },
    });
    server.objects.set("/net.safetensors", served(other, '"two"'));
    const changed = await failure(() => far.ticket(tileAt("matrix", [4, 6, 9])).tile());
    assert(changed instanceof Changed, String(changed));
    await until(() => {
      try {
        return far.model("net").version !== version;
      } catch (error) {
        assert(error instanceof Changed);
        return false;
      }
    });
    const after = far.ticket(address);
    assert(after.etag !== before.etag);
    assert((await after.tile()).bytes.some((byte, i) => byte !== before.bytes[i]));
  }));

Deno.test("a model that cannot be reached is listed with its error, the others are there", async () => {
  await using server = await rangeServer({ "/net.safetensors": served(file) });
  const dead = await rangeServer({});
  await dead[Symbol.asyncDispose]();
  const engine = await createEngine([
    `${dead.origin}/gone.safetensors`,
    `${server.origin}/net.safetensors`,
  ], settings);
  assertEquals(engine.models().map(({ id }) => id), ["net"]);
  const [failed] = engine.failures();
  assertEquals(failed!.id, "gone");
  assert(failed!.error instanceof Unreadable);
  await engine.close();
  await assertRejects(
    () => createEngine([`${dead.origin}/gone.safetensors`], settings),
    Unreadable,
  );
});

Deno.test("a server that goes away leaves what was drawn, and errors where it is needed", () =>
  withBoth(async (far, _near, server) => {
    const known = tileAt("small", [0, 0, 0]);
    await far.ticket(known).tile();
    server.fault = (_asked, response) => {
      response.socket!.destroy();
      return true;
    };
    await new Promise((resolve) => setTimeout(resolve, 60));
    far.model("net");
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert(far.ticket(known).cached());
    const tile = far.ticket(tileAt("matrix", [4, 0, 0], "range=-1,1"));
    assert(await failure(() => tile.tile()) instanceof Unreadable);
    server.fault = undefined;
    await tile.tile();
  }));

Deno.test("shards beside an index are one remote model", async () => {
  const shard = (name: string, seed: number) =>
    modelFile({ [name]: { shape: [40, 50], values: values(2000, seed) } });
  const index = { weight_map: { a: "m-1.safetensors", b: "m-2.safetensors" } };
  await using server = await rangeServer({
    "/org/m.safetensors.index.json": served(new TextEncoder().encode(JSON.stringify(index))),
    "/org/m-1.safetensors": served(shard("a", 1)),
    "/org/m-2.safetensors": served(shard("b", 2)),
  });
  const engine = await createEngine([`${server.origin}/org/m.safetensors.index.json`], settings);
  assertEquals(engine.models()[0]!.id, "m");
  assertEquals(engine.models()[0]!.tensors.map(({ name }) => name), ["a", "b"]);
  const { bytes } = await engine.ticket({ ...tileAt("b", [0, 0, 0]), model: "m", format: "npy" })
    .tile();
  const start = new DataView(bytes.buffer).getUint16(8, true) + 10;
  assertEquals(new Float32Array(bytes.slice(start, start + 200).buffer), values(50, 2));
  await engine.close();
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert(condition());
}

Deno.test("a stack of remote layers is drawn as that of local ones", () => {
  const layers = Array.from({ length: 5 }, (_, i) => [
    [`h.${i}.up.weight`, { shape: [40, 70], values: values(2800, 100 * i) }],
    [`h.${i}.norm.weight`, { shape: [70], values: values(70, i) }],
  ]).flat();
  return withBoth(async (far, near) => {
    for (const mode of ["octree", "voxels"]) {
      const query = `stack=blocks${mode === "octree" ? "&axis=x" : "&colour=direction"}`;
      const address = tileAt("h.3.up", [0, 0, 0], query, { mode });
      const [a, b] = [await far.ticket(address).tile(), await near.ticket(address).tile()];
      assertEquals(a.bytes, b.bytes);
    }
  }, modelFile(Object.fromEntries(layers)));
});
