import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadRequest, Changed, FormatError, NotFound, Unreadable } from "../../src/errors.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Address, Engine } from "../../src/tile/tile.ts";
import { safetensorsFile } from "../formats/build.ts";
import { numbers } from "./models.ts";

const wide = "größe/層.weight of 300 characters ".padEnd(300, "x");
const matrix = Float32Array.from({ length: 700 * 900 }, (_, i) => Math.sin(i * 0.37) + 0.1);
const nan = new Float32Array(12).fill(NaN);

/** A model file of a matrix, an all-NaN tensor, an empty one, infinities and a name to trip over. */
function modelBytes(scale = 1): Uint8Array<ArrayBuffer> {
  const tensors: [string, number[], Float32Array][] = [
    ["matrix", [700, 900], matrix.map((value) => value * scale)],
    ["nan", [3, 4], nan],
    ["empty", [0, 5], new Float32Array(0)],
    ["infinite", [2, 2], Float32Array.of(1, Infinity, -Infinity, NaN)],
    ["constant", [20, 20], new Float32Array(400).fill(0.5)],
    [wide, [4], Float32Array.of(1, 2, 3, 4)],
  ];
  let at = 0;
  const header: Record<string, object> = {};
  for (const [name, shape, values] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [at, at += values.byteLength] };
  }
  const data = new Uint8Array(at);
  at = 0;
  for (const [, , values] of tensors) {
    data.set(new Uint8Array(values.buffer), at);
    at += values.byteLength;
  }
  return safetensorsFile(header, data);
}

async function withEngine(test: (engine: Engine, path: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/model.safetensors`;
  await Deno.writeFile(path, modelBytes());
  const engine = await createEngine([path], { workers: 2 });
  try {
    await test(engine, path);
  } finally {
    await engine.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const at = (
  layer: string,
  z = 0,
  x = 0,
  y = 0,
  query = "",
  more: Partial<Address> = {},
): Address => ({
  model: "model",
  layer,
  mode: "weights",
  z,
  x,
  y,
  density: 1,
  format: "png",
  query: new URLSearchParams(query),
  ...more,
});

Deno.test("numbers of a tile are the tensor's own at native zoom, means of blocks further out", () =>
  withEngine(async (engine) => {
    for (const [z, x, y] of [[2, 1, 2], [2, 3, 0], [1, 1, 1], [0, 0, 0]] as const) {
      const block = 2 ** (2 - z);
      const { values, width } = await numbers(engine, at("matrix", z, x, y));
      assertEquals([values.length, width], [256 * 256, 256]);
      for (let i = 0; i < values.length; i += 91) {
        const left = (x * 256 + i % 256) * block, top = (y * 256 + Math.floor(i / 256)) * block;
        let sum = 0, n = 0;
        for (let row = top; row < Math.min(top + block, 700); row++) {
          for (let column = left; column < Math.min(left + block, 900); column++, n++) {
            sum += matrix[row * 900 + column]!;
          }
        }
        if (n === 0) assert(Number.isNaN(values[i]!));
        else assertAlmostEquals(values[i]!, sum / n, 1e-6);
      }
    }
    const doubled = await numbers(engine, at("matrix", 1, 0, 0, "", { density: 2 }));
    assertEquals(doubled.width, 512);
    assertEquals(doubled.values[511 * 512 + 300], matrix[511 * 900 + 300]);
  }));

Deno.test("statistics enlarge at twice the resolution of native zoom", () =>
  withEngine(async (engine) => {
    const address = { ...at("matrix", 2, 1, 1, "", { density: 2, format: "bin" }), mode: "stats" };
    const { bytes } = await engine.ticket(address).tile();
    const single = { ...address, density: 1 } as const;
    const { bytes: plain } = await engine.ticket(single).tile();
    for (const [x, y] of [[0, 0], [255, 3], [100, 187]] as const) {
      const want = plain.subarray((y * 256 + x) * 4, (y * 256 + x) * 4 + 4);
      for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) {
        const from = ((2 * y + dy) * 512 + 2 * x + dx) * 4;
        assertEquals(bytes.subarray(from, from + 4), want);
      }
    }
  }));

Deno.test("a cropped tile has the plane's own edge, down to a single pixel", () =>
  withEngine(async (engine) => {
    const edge = await numbers(engine, at("matrix", 2, 3, 2, "", { crop: true }));
    assertEquals([edge.width, edge.values.length], [900 - 768, (900 - 768) * (700 - 512)]);
    const pixel = await numbers(engine, at("matrix", -8, 0, 0, "", { crop: true }));
    assertEquals(pixel.values.length, 1);
    assertAlmostEquals(
      pixel.values[0]!,
      matrix.reduce((sum, v) => sum + v, 0) / matrix.length,
      1e-6,
    );
  }));

Deno.test("pyramids that do not fit are let go of and come back, without a tile noticing", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/model.safetensors`, modelBytes());
  const engine = await createEngine([`${folder}/model.safetensors`], {
    workers: 2,
    pyramidBytes: 1,
    cacheBytes: 0,
  });
  try {
    const means = { matrix: matrix.reduce((sum, v) => sum + v, 0) / matrix.length, constant: 0.5 };
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Object.entries(means).map(async ([layer, mean]) => {
          const pixel = await numbers(engine, at(layer, -8, 0, 0, "", { crop: true }));
          assertAlmostEquals(pixel.values[0]!, mean, 1e-6);
        }),
      );
    }
  } finally {
    await engine.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tags are known before work, the same for every spelling of one picture", () =>
  withEngine(async (engine) => {
    const tag = (query: string, more: Partial<Address> = {}) =>
      engine.ticket(at("matrix", 0, 0, 0, query, more)).etag;
    assertEquals(tag("alpha=2&normalize=tanh"), tag("normalize=tanh&alpha=2.0"));
    const tags = [
      tag(""),
      tag("alpha=2"),
      tag("", { format: "npy" }),
      tag("", { density: 2 }),
      tag("", { crop: true }),
    ];
    assertEquals(new Set(tags).size, tags.length);
    assert(/^"[^"]+"$/.test(tag("")));
    const { version } = engine.model("model");
    assertEquals(engine.ticket(at("matrix", 0, 0, 0, `v=${version}`)).immutable, true);
    assertEquals(engine.ticket(at("matrix", 0, 0, 0, "v=older")).immutable, false);
    await Promise.resolve();
  }));

Deno.test("identical tiles in flight are rendered once and kept", () =>
  withEngine(async (engine) => {
    const ticket = engine.ticket(at("matrix"));
    const [a, b] = await Promise.all([ticket.tile(), engine.ticket(at("matrix")).tile()]);
    assert(a === b && a === await ticket.tile());
  }));

Deno.test("a cancelled tile rejects, and the next one is drawn all the same", () =>
  withEngine(async (engine) => {
    const controller = new AbortController();
    const tile = engine.ticket(at("matrix")).tile(controller.signal);
    controller.abort();
    await assertRejects(() => tile, DOMException);
    assert((await engine.ticket(at("matrix")).tile()).bytes.length > 0);
  }));

Deno.test("what does not exist or is not allowed is named, with what is", () =>
  withEngine(async (engine) => {
    const refuse = (address: Address, Kind: typeof NotFound | typeof BadRequest, words: string) => {
      const error = assertThrows(() => engine.ticket(address), Kind);
      assert(error.message.includes(words), error.message);
    };
    refuse({ ...at("matrix"), model: "other" }, NotFound, "model");
    refuse(at("nowhere"), NotFound, "matrix");
    refuse({ ...at("matrix"), mode: "volume" }, NotFound, "weights");
    refuse(at("matrix", 9), BadRequest, "from 0 to 8");
    refuse(at("matrix", 0.5), BadRequest, "0.5");
    refuse(at("matrix", 2, 4, 0), NotFound, "4 × 3 tiles");
    refuse(at("matrix", 0, 0, 0, "colour=red"), BadRequest, "colormap");
    refuse(at("matrix", 0, 0, 0, "alpha=0"), BadRequest, "from 0.01 to 100");
    refuse(at("matrix", 0, 0, 0, "range=3,1"), BadRequest, "min < max");
    refuse(at("matrix", 0, 0, 0, "axes=0|0"), BadRequest, "2 axes");
    refuse(at("empty"), NotFound, "elements");
    await Promise.resolve();
  }));

Deno.test("layers without a finite or varying value draw, and their legends count what they hold", () =>
  withEngine(async (engine) => {
    for (const layer of ["nan", "infinite", "constant", wide]) {
      for (
        const query of [
          "",
          "normalize=minmax",
          "normalize=zscore",
          "normalize=robust",
          "normalize=log",
          "clip=0.1",
        ]
      ) {
        const { bytes } = await engine.ticket(at(layer, 0, 0, 0, query)).tile();
        assertEquals([...bytes.subarray(1, 4)], [...new TextEncoder().encode("PNG")]);
      }
      assert((await engine.ticket({ ...at(layer), mode: "stats" }).tile()).bytes.length > 0);
    }
    const view = engine.view("model", "infinite", "weights", new URLSearchParams());
    assertEquals((await engine.legend(view)).special.map(({ count }) => count), [1, 1, 1]);
    const found = await engine.inspect(view, 1, 0, undefined);
    assertEquals([found.value, found.special, found.cell.count], [null, "+Infinity", 0]);
  }));

Deno.test("a picture that speaks by transparency is refused as jpg, and drawn once it is opaque", () =>
  withEngine(async (engine) => {
    const jpg = (query: string) =>
      engine.ticket({ ...at("matrix", 2, 0, 0, query, { format: "jpg" }), mode: "stats" });
    const error = assertThrows(() => jpg(""), BadRequest, "opaque=1");
    assertEquals(error.details.parameter, "format");
    assertEquals([...(await jpg("opaque=1").tile()).bytes.subarray(0, 2)], [0xff, 0xd8]);
  }));

Deno.test("a legend says what the parts of an opened cell are, and that packed NaN is empty", () =>
  withEngine(async (engine) => {
    const legend = (mode: string, query: string) =>
      engine.legend(engine.view("model", "nan", mode, new URLSearchParams(query)));
    const parts = async (query: string) => (await legend("weights", query)).microcells?.length;
    assertEquals(await Promise.all(["", "microcell=1", "microcell=2", "microcell=3"].map(parts)), [
      4,
      0,
      4,
      9,
    ]);
    const [nan] = (await legend("stats", "")).special;
    assertEquals(nan, { name: "NaN", color: "transparent", count: 12 });
  }));

Deno.test("a point is inspected with its tensor index and value, a coarser cell with its statistics", () =>
  withEngine(async (engine) => {
    const view = engine.view("model", "matrix", "weights", new URLSearchParams());
    const point = await engine.inspect(view, 899, 699, undefined);
    assertEquals([point.index, point.value], [[699, 899], matrix[699 * 900 + 899]]);
    const cell = await engine.inspect(view, 0, 0, 0);
    assertEquals(cell.cell.count, 16);
    await assertRejects(() => engine.inspect(view, 900, 0, undefined), NotFound, "900 × 700");
  }));

Deno.test("a file replaced under the server is a clear error, then the new picture: never a wrong one", () =>
  withEngine(async (engine, path) => {
    const before = await numbers(engine, at("matrix", 2));
    const { etag } = engine.ticket(at("matrix", 2));
    await Deno.writeFile(path, modelBytes(3));
    await settled(() => engine.ticket(at("matrix", 2)).etag !== etag);
    const after = await numbers(engine, at("matrix", 2));
    assertAlmostEquals(after.values[5]!, before.values[5]! * 3, 1e-5);
  }));

Deno.test("a file truncated or deleted under the server fails for that model alone and may come back", () =>
  withEngine(async (engine, path) => {
    await engine.ticket(at("matrix", 2)).tile();
    await Deno.truncate(path, 5000);
    const error = await failure(() => engine.ticket(at("matrix", 2, 1, 1)).tile());
    assert(error instanceof Changed || error instanceof FormatError, String(error));
    await Deno.remove(path);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const gone = await failure(() => engine.ticket(at("matrix", 2, 1, 1)).tile());
    assert(
      gone instanceof Changed || gone instanceof NotFound || gone instanceof FormatError ||
        gone instanceof Unreadable,
      String(gone),
    );
    await Deno.writeFile(path, modelBytes());
    await settled(() => engine.ticket(at("matrix", 2)).etag.length > 0);
    assert((await engine.ticket(at("matrix", 2)).tile()).bytes.length > 0);
  }));

/** Waits, two seconds at most, until `done` is true and does not throw. */
async function settled(done: () => boolean): Promise<void> {
  for (let i = 0; i < 80; i++) {
    try {
      if (done()) return;
    } catch (error) {
      if (i === 79) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("nothing changed within two seconds");
}

async function failure(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}
