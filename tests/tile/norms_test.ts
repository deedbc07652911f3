import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import after from "../../fixtures/reference/norms/digits-cnn-400.json" with { type: "json" };
import before from "../../fixtures/reference/norms/digits-cnn-0.json" with { type: "json" };
import transformer from "../../fixtures/reference/norms/tiny-transformer.json" with {
  type: "json",
};
import { NOT_A_NUMBER } from "../../src/compute/ops.ts";
import { Changed, NotFound, TooLarge } from "../../src/errors.ts";
import { describeWhole } from "../../src/tile/describe.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Address, Engine, View } from "../../src/tile/tile.ts";
import { Pool } from "../../src/compute/pool.ts";
import { openModel } from "../../src/model/open.ts";
import { palette } from "../../src/modes/colour.ts";
import { landscape } from "../../src/modes/norms.ts";
import type { Job } from "../../src/tile/job.ts";
import { Landscapes } from "../../src/tile/landscapes.ts";
import { Layers } from "../../src/tile/layers.ts";
import { valuesOf } from "../formats/values.ts";
import { onCapture } from "./captures.ts";
import {
  type Content,
  failure,
  hash,
  modelFile,
  withFolder,
  withTensors,
  writeRows,
} from "./models.ts";
import { npy, pixels, whole } from "./pictures.ts";

/** What numpy computed of a tensor. */
interface Expected {
  readonly shape: readonly number[];
  readonly frobenius: number;
  readonly outputs: readonly number[];
  readonly inputs: readonly number[];
  readonly kernels?: readonly number[];
}
type By = "kernels" | "outputs" | "inputs";

const expectedOf = (tensor: Expected, by: By): readonly number[] =>
  by === "kernels" ? tensor.kernels ?? tensor.outputs : tensor[by];

const BYS: readonly By[] = ["kernels", "outputs", "inputs"];
const CLEAR = 0;

async function pictureOf(engine: Engine, layer: string, query: string, log2 = 0, id = "model") {
  const subject = { model: id, layer, mode: "norms", query: new URLSearchParams(query) };
  const view = engine.view(id, layer, "norms", subject.query);
  return { ...await whole(engine, view.plane, subject, log2), view };
}

/** The values of each tensor of a whole model, in its own order, and those of the cells of none. */
function apart(engine: Engine, view: View, values: Float32Array) {
  const { planes, regions, width } = engine.layout(view.model, view).layout;
  const found = new Map(planes.map(({ plane }) => [plane.tensor.name, new Array<number>()]));
  const free = Float32Array.from(values);
  for (const { plane: i, x, y, left, top, ...region } of regions) {
    const { plane } = planes[i]!, numbers = found.get(plane.tensor.name)!;
    for (let row = 0; row < region.height; row++) {
      for (let column = 0; column < region.width; column++) {
        const own = (top + row) * plane.width + left + column;
        if (own >= plane.cells) continue;
        const at = (y + row) * width + x + column;
        numbers[own] = values[at]!;
        free[at] = NaN;
      }
    }
  }
  return { found, free };
}

function close(found: ArrayLike<number>, expected: readonly number[], what: string): void {
  assertEquals(found.length, expected.length, what);
  expected.forEach((norm, i) =>
    assertAlmostEquals(found[i]!, norm, 2e-7 * norm + 1e-30, `${what}: ${i}`)
  );
}

Deno.test("norms of a capture's layers are numpy's, at every step", () =>
  onCapture("digits-cnn", async (engine) => {
    for (const [step, all] of [[0, before], [400, after]] as const) {
      for (const [name, tensor] of Object.entries<Expected>(all)) {
        for (const by of BYS) {
          const query = `by=${by}&step=${step}`;
          const { values, width, height } = await pictureOf(engine, name, query, 0, "digits-cnn");
          const expected = expectedOf(tensor, by);
          close(values.subarray(0, expected.length), expected, `${name} ${query}`);
          if (by === "kernels" && tensor.kernels) {
            assertEquals([height, width], tensor.shape.slice(0, 2), name);
          }
        }
      }
    }
  }));

Deno.test("the whole of a capture has the norms of all layers, and nothing between", () =>
  onCapture("digits-cnn", async (engine) => {
    for (const [step, all] of [[0, before], [400, after]] as const) {
      for (const by of BYS) {
        for (const height of ["norm", "relative"]) {
          const query = `by=${by}&step=${step}&height=${height}`;
          const { values, rgba, view } = await pictureOf(engine, "_", query, 0, "digits-cnn");
          const { found, free } = apart(engine, view, values);
          assert(free.every(Number.isNaN));
          values.forEach((value, i) => assertEquals(rgba[i] === CLEAR, Number.isNaN(value)));
          assertEquals([...found.keys()].toSorted(), Object.keys(all).toSorted());
          for (const [name, tensor] of Object.entries<Expected>(all)) {
            const norms = expectedOf(tensor, by);
            const unit = height === "norm" ? 1 : tensor.frobenius / Math.sqrt(norms.length);
            close(found.get(name)!, norms.map((norm) => norm / unit), `${name} ${query}`);
          }
        }
      }
    }
  }));

Deno.test("the whole of a model in shards has the norms of all its matrices", async () => {
  const path = new URL("../../fixtures/models/tiny-transformer", import.meta.url).pathname;
  const engine = await createEngine([path], { workers: 2 });
  try {
    const { values, view } = await pictureOf(engine, "_", "height=norm", 0, "tiny-transformer");
    const { found, free } = apart(engine, view, values);
    assert(free.every(Number.isNaN));
    assertEquals([...found.keys()].toSorted(), Object.keys(transformer).toSorted());
    for (const [name, tensor] of Object.entries<Expected>(transformer)) {
      close(found.get(name)!, tensor.outputs, name);
    }
  } finally {
    await engine.close();
  }
});

Deno.test("kernels of files of other formats are told apart by output and input, whatever their order", async () => {
  // The one has them as [height, width, input, output], the other in blocks of quantized values.
  for (const [file, id] of [["tfjs/tiny-vgg", "tiny-vgg"], ["gguf", "tiny-transformer"]] as const) {
    const path = new URL(`../../fixtures/formats/${file}`, import.meta.url).pathname;
    const engine = await createEngine([path], { workers: 1 });
    try {
      const { values, view } = await pictureOf(engine, "_", "height=norm", 0, id);
      for (const [name, norms] of apart(engine, view, values).found) {
        const tensor = view.model.tensors.find((tensor) => tensor.name === name)!;
        const { shape, layout = [...shape.keys()] } = tensor;
        const [output, input] = layout as [number, number];
        const kept = layout.length > 2 ? [output, input] : [output];
        const squares = new Array<number>(norms.length).fill(0);
        for (const [i, value] of (await valuesOf(tensor)).entries()) {
          let rest = i;
          const index = shape.map(() => 0);
          for (const axis of [...shape.keys()].reverse()) {
            index[axis] = rest % shape[axis]!;
            rest = Math.floor(rest / shape[axis]!);
          }
          squares[kept.reduce((at, axis) => at * shape[axis]! + index[axis]!, 0)]! += value ** 2;
        }
        close(norms, squares.map(Math.sqrt), name);
      }
    } finally {
      await engine.close();
    }
  }
});

const random = (shape: readonly number[], seed: number): Content => ({
  shape,
  values: Float32Array.from(
    { length: shape.reduce((product, side) => product * side, 1) },
    (_, i) => hash(i + 1e6 * seed) - 0.5,
  ),
});

/** Layers of very different sizes, which take several tiles. */
const several = {
  "a.weight": random([500, 300, 2, 2], 1),
  "b.weight": random([700, 3], 2),
  "b.bias": random([700], 3),
  "c.weight": random([5, 90, 3], 4),
  "d.weight": random([130_000, 2], 5),
  "e.weight": random([3000, 2, 3, 3], 6),
};

Deno.test("each layer lies on the whole as it is by itself, in however many pieces", () =>
  withTensors(several, async (engine) => {
    const { values, view } = await pictureOf(engine, "_", "height=norm");
    const { planes, regions } = engine.layout(view.model, view).layout;
    assert(regions.length > planes.length);
    for (const [name, norms] of apart(engine, view, values).found) {
      const own = await pictureOf(engine, name, "");
      assertEquals(Float32Array.from(norms), own.values.subarray(0, norms.length), name);
    }
  }));

Deno.test("zoomed in, pixels between layers show nothing, and all others a cell", () =>
  withTensors(several, async (engine) => {
    const { values, width, height, view } = await pictureOf(engine, "_", "");
    const address = { model: "model", layer: "_", mode: "norms", density: 1 } as const;
    const { regions } = engine.layout(view.model, view).layout;
    // Far from the first tile, with an edge in it.
    const edge = regions.find(({ x, y }) => x > 0 && y > 0)!;
    for (const z of [3, 4, 6, 8]) {
      const [x = 0, y = 0] = [edge.x, edge.y].map((at) => {
        return Math.floor((at * 2 ** (z - view.plane.nativeZoom) - 1) / 256);
      });
      const ask = { ...address, z, x, y, format: "png", query: new URLSearchParams() } as const;
      const { rgba } = await pixels((await engine.ticket(ask).tile()).bytes);
      const p = 2 ** (z - view.plane.nativeZoom);
      assertEquals(new Set(rgba.map((word) => Number(word === CLEAR))).size, 2);
      for (const [i, word] of rgba.entries()) {
        const [column, row] = [(x * 256 + i % 256) / p, (y * 256 + (i >> 8)) / p].map(Math.floor);
        const isThere = column! < width && row! < height;
        const value = isThere ? values[row! * width + column!]! : NaN;
        assertEquals(word === CLEAR, Number.isNaN(value), `${z}/${x}/${y}: ${i % 256}, ${i >> 8}`);
      }
    }
  }));

Deno.test("further out, pixels are means of the norms that they cover, and of nothing else", () =>
  withTensors(several, async (engine) => {
    const { values, width, height, view } = await pictureOf(engine, "_", "");
    const { nativeZoom } = view.plane;
    assert(nativeZoom >= 2);
    for (let log2 = 1; log2 <= nativeZoom; log2++) {
      const out = await pictureOf(engine, "_", "", log2);
      const side = 2 ** log2;
      for (const [i, mean] of out.values.entries()) {
        const [left, top] = [i % out.width * side, Math.floor(i / out.width) * side];
        let sum = 0, count = 0;
        for (let y = top; y < Math.min(height, top + side); y++) {
          for (let x = left; x < Math.min(width, left + side); x++) {
            const value = values[y * width + x]!;
            if (Number.isNaN(value)) continue;
            sum += value;
            count++;
          }
        }
        if (count === 0) assertEquals([mean, out.rgba[i]], [NaN, CLEAR]);
        else assertAlmostEquals(mean, sum / count, 1e-5 * mean);
      }
    }
  }));

Deno.test("tiles of a relief agree at their seams", () =>
  withTensors(several, async (engine) => {
    for (const log2 of [1, 0, -1, -3, -5]) {
      const view = engine.view("model", "_", "norms", new URLSearchParams());
      const { nativeZoom, width, height } = view.plane, z = nativeZoom - log2;
      const draw = async (rest: Pick<Address, "z" | "x" | "y" | "density">) => {
        const address = { model: "model", layer: "_", mode: "norms", ...rest } as const;
        const query = new URLSearchParams();
        const tile = await engine.ticket({ ...address, format: "png", query }).tile();
        return (await pixels(tile.bytes)).rgba;
      };
      // One of twice the density shows what four of the next zoom show.
      const all = await draw({ z: z - 1, x: 0, y: 0, density: 2 });
      const isThere = (x: number, y: number) =>
        x * 256 < width / 2 ** log2 && y * 256 < height / 2 ** log2;
      for (const [x, y] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) {
        if (!isThere(x, y)) continue;
        const tile = await draw({ z, x, y, density: 1 });
        for (let row = 0; row < 256; row++) {
          const from = (y * 256 + row) * 512 + x * 256;
          assertEquals(
            tile.subarray(row * 256, (row + 1) * 256),
            all.subarray(from, from + 256),
            `zoomed by ${-log2}, tile ${x}/${y}, row ${row}`,
          );
        }
      }
    }
  }));

Deno.test("a point of the whole tells the layer, its channel and its norm", () =>
  onCapture("digits-cnn", async (engine) => {
    for (const height of ["norm", "relative"]) {
      const view = engine.view("digits-cnn", "_", "norms", new URLSearchParams({ height }));
      const { planes, regions } = engine.layout(view.model, view).layout;
      for (const region of regions) {
        const { plane } = planes[region.plane]!, { name } = plane.tensor;
        const tensor = (after as Record<string, Expected>)[name]!;
        const norms = expectedOf(tensor, "kernels");
        const at = region.width + 1 < plane.cells ? region.width + 1 : 0;
        const [x, y] = [at % plane.width, Math.floor(at / plane.width)];
        const found = await engine.inspect(view, region.x + x, region.y + y, undefined);
        const norm = height === "norm" ? found.value : found.norm;
        assertEquals(found.tensor, name);
        assertEquals(found.index, tensor.kernels ? [y, x] : [at]);
        assertAlmostEquals(norm!, norms[at]!, 1e-6);
        assertEquals("norm" in found, height === "relative");
      }
      const isFree = (x: number, y: number) =>
        !regions.some((r) => x >= r.x && y >= r.y && x < r.x + r.width && y < r.y + r.height);
      for (let x = 0; x < view.plane.width; x++) {
        if (!isFree(x, 0)) continue;
        await assertRejects(
          () => engine.inspect(view, x, 0, undefined),
          NotFound,
          "no tensor lies",
        );
      }
    }
  }));

Deno.test("a block of the whole is told by its first cell, and has the figures of all", () =>
  withTensors(several, async (engine) => {
    const { values, width, view } = await pictureOf(engine, "_", "height=norm");
    const { planes, regions } = engine.layout(view.model, view).layout;
    const { nativeZoom } = view.plane;
    const { value, tensor, cell } = await engine.inspect(view, 0, 0, 0);
    assertEquals([tensor, value], [planes[regions[0]!.plane]!.plane.tensor.name, values[0]]);
    const side = 2 ** nativeZoom, seen: number[] = [];
    for (const [i, norm] of values.entries()) {
      if (i % width < side && i / width < side && !Number.isNaN(norm)) seen.push(norm);
    }
    assertEquals([cell.count, cell.max], [seen.length, Math.max(...seen)]);
    for (let log2 = 1; log2 <= nativeZoom; log2++) {
      const out = await pictureOf(engine, "_", "height=norm", log2);
      for (const i of [...out.values.keys()].filter((i) => !Number.isNaN(out.values[i]!))) {
        if (i % 41 > 0 && log2 < nativeZoom) continue;
        const [x, y] = [i % out.width, Math.floor(i / out.width)];
        const block = await engine.inspect(view, x, y, nativeZoom - log2);
        assert(typeof block.value === "number", `${x}, ${y} of ${log2}`);
        assertAlmostEquals(block.cell.mean!, out.values[i]!, 1e-5);
      }
    }
    // A folded vector leaves its last row unfinished: what follows is nothing.
    const region = regions.find(({ plane }) => planes[plane]!.plane.tensor.name === "d.weight")!;
    const { plane } = planes[region.plane]!;
    const [x, y] = [region.x + plane.width - 1, region.y + plane.height - 1];
    assert(plane.cells < plane.width * plane.height);
    await assertRejects(() => engine.inspect(view, x, y, undefined), NotFound);
  }));

Deno.test("channels of nothing but NaN are marked at every zoom, and those of zeros are 0", () => {
  const broken = { shape: [300, 300], values: new Float32Array(90_000).fill(NaN) };
  const some = random([300, 300], 1);
  some.values.fill(NaN, 300, 600);
  some.values.fill(0, 600, 900);
  some.values[900] = Infinity;
  some.values[1200] = 3e38;
  some.values[1201] = 3e38;
  const zeros = { shape: [300, 300], values: new Float32Array(90_000) };
  return withTensors({ broken, some, zeros }, async (engine) => {
    const nan = new Uint32Array(palette("hypsometric").slice().buffer)[NOT_A_NUMBER]!;
    const { found } = await engineWhole(engine, "height=norm");
    assert(found.get("broken")!.every(Number.isNaN));
    assert(found.get("zeros")!.every((norm) => norm === 0));
    const [first, none, nought, odd, huge] = found.get("some")!;
    assert(first! > 0 && Number.isFinite(odd!));
    assertEquals([none, nought, huge], [NaN, 0, Infinity]);
    const relative = (await engineWhole(engine, "")).found;
    assert(relative.get("zeros")!.every((norm) => norm === 0));
    const view = engine.view("model", "_", "norms", new URLSearchParams("height=norm"));
    const { special: counts } = await engine.legend(view);
    assertEquals(counts.map(({ name, count }) => [name, count]), [["NaN", 301], ["+∞", 1]]);
    const { rgba } = await pictureOf(engine, "broken", "");
    assertEquals([...new Set(rgba)].toSorted(), [CLEAR, nan]);
    const { planes, regions } = engine.layout(view.model, view).layout;
    const { x, y } = regions.find((r) => planes[r.plane]!.plane.tensor.name === "broken")!;
    for (const log2 of [0, 1, 2, 3]) {
      const out = await pictureOf(engine, "_", "", log2);
      const side = 2 ** log2;
      assertEquals(out.rgba[Math.floor(y / side) * out.width + Math.floor(x / side)], nan);
    }
  });
});

async function engineWhole(engine: Engine, query: string) {
  const { values, view } = await pictureOf(engine, "_", query);
  return apart(engine, view, values);
}

Deno.test("norms: what has no channels says what it needs", async () => {
  await withTensors({
    vector: random([9], 1),
    empty: { shape: [0, 4], values: new Float32Array(0) },
    matrix: random([3, 4], 2),
    line: random([7, 1, 3, 3], 3),
    point: random([1, 1, 3, 3], 4),
  }, async (engine) => {
    const open = (layer: string) => () =>
      engine.view("model", layer, "norms", new URLSearchParams());
    assertMatch(assertThrows(open("vector"), NotFound).message, /two axes or more/);
    assertMatch(assertThrows(open("empty"), NotFound).message, /elements: this tensor has none/);
    const { found } = await engineWhole(engine, "");
    assertEquals([...found.keys()].toSorted(), ["line", "matrix", "point"]);
    // Kernels of one channel in a row are folded as channels are.
    assertEquals([open("line")().plane.width, open("line")().plane.height], [3, 3]);
    assertEquals([open("point")().plane.width, open("point")().plane.height], [1, 1]);
  });
  const state = { "optimizer.state.0.exp_avg": random([3, 4], 5), matrix: random([3, 4], 6) };
  await withTensors(state, async (engine) => {
    assertEquals([...(await engineWhole(engine, "")).found.keys()], ["matrix"]);
  });
  await withFolder(
    (folder) => writeRows(`${folder}/model.safetensors`, 1, new Uint8Array(2 ** 26 + 1)),
    { workers: 1 },
    (engine) => {
      const open = () => engine.view("model", "_", "norms", new URLSearchParams());
      assertMatch(assertThrows(open, TooLarge).message, /of which 67108864 can be made/);
      return Promise.resolve();
    },
  );
  await withTensors({ vector: random([9], 1) }, (engine) => {
    const { modes } = describeWhole(engine.model("model"), engine.mapModes());
    assertEquals(modes.map(({ name, available }) => [name, available]), [
      ["map", true],
      ["norms", false],
    ]);
    const open = () => engine.view("model", "_", "norms", new URLSearchParams());
    assertMatch(assertThrows(open, NotFound).message, /a layer of two axes or more/);
    return Promise.resolve();
  });
});

Deno.test("norms of a file that changes are made anew, and those asked for no more are given up", () =>
  withFolder(
    (folder) =>
      Deno.writeFile(`${folder}/model.safetensors`, modelFile({ m: random([40, 30], 1) })),
    { workers: 1 },
    async (engine, folder) => {
      const draw = async () => (await engineWhole(engine, "height=norm")).found.get("m")!;
      const gone = new AbortController();
      const address = { model: "model", layer: "_", mode: "norms", z: 0, x: 0, y: 0 } as const;
      const ticket = engine.ticket({
        ...{ ...address, density: 1, format: "npy" },
        query: new URLSearchParams(),
      });
      const given = ticket.tile(gone.signal);
      gone.abort(new Error("gone"));
      await assertRejects(() => given, Error, "gone");
      const first = await draw();
      const norm = (values: Float32Array) => Math.hypot(...values.subarray(0, 30));
      assertAlmostEquals(first[0]!, norm(random([40, 30], 1).values), 1e-6);
      const other = modelFile({ m: random([40, 30], 2) });
      await Deno.writeFile(`${folder}/model.safetensors`, other);
      await new Promise((done) => setTimeout(done, 150));
      const noticed = await failure(draw);
      assert(noticed instanceof Changed, String(noticed));
      await new Promise((done) => setTimeout(done, 300));
      assertAlmostEquals((await draw())[0]!, norm(random([40, 30], 2).values), 1e-6);
    },
  ));

Deno.test("a landscape that was let go of is made anew, and does not keep its memory", async () => {
  const path = new URL("../../fixtures/models/tiny-transformer", import.meta.url).pathname;
  const model = await openModel(path);
  const pool = new Pool<Job>(new URL("../../src/tile/worker.ts", import.meta.url), 1);
  try {
    const landscapes = new Landscapes(new Layers(pool, 0, undefined, 1));
    const of = (by: string) => landscapes.of(model, landscape, { by, height: "norm" }).entry;
    const first = of("outputs");
    assertEquals(of("outputs"), first);
    of("inputs");
    assert(of("outputs") !== first);
  } finally {
    pool.close();
    model.close();
  }
});

Deno.test("the numbers of a tile are its heights, before colour and light", () =>
  withTensors({ m: random([9, 5], 1) }, async (engine) => {
    const address = { model: "model", layer: "m", mode: "norms", z: 0, x: 0, y: 0 } as const;
    const of = async (query: string) => {
      const asked = { ...address, density: 1, format: "npy", crop: true } as const;
      const { bytes } = await engine.ticket({ ...asked, query: new URLSearchParams(query) }).tile();
      return npy(bytes).values;
    };
    assertEquals(await of("shade=0&normalize=log"), await of("azimuth=90&relief=50"));
  }));
