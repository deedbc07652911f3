import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import sharp from "sharp";
import { BadRequest, NotFound } from "../../src/errors.ts";
import { createEngine } from "../../src/tile/engine.ts";
import { legendJson, legendSvg } from "../../src/tile/legend.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { normals } from "../analysis/oracle.ts";
import { withTensors } from "./models.ts";
import { npy } from "./pictures.ts";

const charts = new URL("../../fixtures/spectra/charts/", import.meta.url);
const expected: Record<string, number[]> = JSON.parse(
  Deno.readTextFileSync(new URL("expected.json", charts)),
);

async function withCharts(test: (engine: Engine) => Promise<void>): Promise<void> {
  const captures = new URL("../../fixtures/captures/digits-cnn", import.meta.url);
  const engine = await createEngine([charts, captures].map(({ pathname }) => pathname), {
    workers: 1,
  });
  try {
    await test(engine);
  } finally {
    await engine.close();
  }
}

const query = (text = "") => new URLSearchParams(text);
const viewOf = (engine: Engine, model: string, layer: string, options = "") =>
  engine.view(model, layer, "spectrum", query(options));

async function tileOf(
  engine: Engine,
  [model, layer]: readonly [string, string],
  [z, x, y]: readonly [number, number, number],
  { options = "", format = "png", density = 1 }: {
    options?: string;
    format?: "png" | "npy";
    density?: 1 | 2;
  } = {},
) {
  const address = { model, layer, mode: "spectrum", z, x, y, density, format } as const;
  return await engine.ticket({ ...address, query: query(options) }).tile();
}

Deno.test("spectrum: a point of the chart is answered with numpy's singular value that is drawn there", async () => {
  await withCharts(async (engine) => {
    for (const name of ["random", "rank-two"]) {
      const view = viewOf(engine, name, name), all = expected[name]!;
      const places = new Set<number>();
      for (let x = 68; x < 500; x += 3) {
        const { index: [place], value, reading, tensor } = await engine.inspect(
          view,
          x,
          300,
          2,
          undefined,
        );
        assertAlmostEquals(value!, all[place!]!, 1e-7 * all[0]!);
        assertEquals([reading, tensor], [`σ, place ${place! + 1} of ${all.length}`, name]);
        places.add(place!);
      }
      assert(places.has(0) && places.has(all.length - 1) && places.size > 20);
    }
    // A little left of a place is still that place.
    const range = Math.log10(80 * 1.12 / 0.9), near = viewOf(engine, "random", "random");
    for (const place of [2, 3, 10, 20, 40]) {
      const x = 68 + 432 * Math.log10((place - 0.3) / 0.9) / range;
      assertEquals((await engine.inspect(near, Math.floor(x * 4), 300, 4)).index, [place - 1]);
    }
    // Beyond a panel the nearest number counts.
    const view = viewOf(engine, "random", "random");
    assertEquals((await engine.inspect(view, 0, 0, 2)).index, [0]);
    assertEquals((await engine.inspect(view, 499, 583, 2)).index, [79]);
    // Beyond the picture there is nothing.
    for (const [x, y] of [[1024, 300], [-1, 300], [300, 584], [300, -1]] as const) {
      await assertRejects(
        () => engine.inspect(view, x, y, 2),
        NotFound,
        `(${x}, ${y}) is beyond the image of 1024 × 584 pixels at zoom 2`,
      );
    }
    await assertRejects(() => engine.inspect(view, 0, 0, 20), BadRequest, "z=20");
  });
});

Deno.test("spectrum: bins are those of numpy's eigenvalues, more of them nearer by, and hold them all", async () => {
  await withCharts(async (engine) => {
    for (const [spacing, measure] of [["log", Math.log10], ["linear", (x: number) => x]] as const) {
      const view = viewOf(engine, "random", "random", `spacing=${spacing}&show=density`);
      const eigenvalues = expected.random!.map((sigma) => sigma ** 2);
      let before = 0;
      for (const z of [1, 3, 4]) {
        const bins = new Map<
          number,
          { density: number; count: number; from: number; to: number }
        >();
        for (let x = 0; x < 256 * 2 ** z; x += 2) {
          const found = await engine.inspect(view, x, 100, z);
          const [, , from, to] = found.reading!.match(/^(\d+) λ from (\S+) to (\S+), share per/)!;
          bins.set(found.index[0]!, {
            density: found.value!,
            count: found.cell.count,
            from: Number(from),
            to: Number(to),
          });
        }
        assert(bins.size > before || z === 4 && bins.size === before, `${bins.size} at zoom ${z}`);
        before = bins.size;
        let all = 0;
        for (const { density, count, from, to } of bins.values()) {
          // Edges are told in three digits.
          const [low, high] = [from * 0.995, to * 1.005];
          assert(count <= eigenvalues.filter((lambda) => lambda >= low && lambda <= high).length);
          const share = density * (measure(to) - measure(from));
          assertAlmostEquals(share, count / eigenvalues.length, 0.15 * share + 1e-12);
          all += count;
        }
        assertEquals(all, eigenvalues.length);
      }
    }
  });
});

Deno.test("spectrum: numbers of a tile are the heights that are drawn in its columns", async () => {
  await withCharts(async (engine) => {
    const view = viewOf(engine, "random", "random");
    for (const [z, x, y] of [[0, 0, 0], [2, 1, 1], [2, 3, 1]] as const) {
      const { bytes } = await tileOf(engine, ["random", "random"], [z, x, y], { format: "npy" });
      const { values, width, height } = npy(bytes);
      assertEquals([width, height], [256, 256]);
      const known = [...values.keys()].filter((at) => !Number.isNaN(values[at]!));
      assert(known.length > 2000 && known.length < values.length);
      for (const at of known.filter((_, i) => i % 997 === 0)) {
        const [column, row] = [at % 256, Math.floor(at / 256)];
        const found = await engine.inspect(view, x * 256 + column, y * 256 + row, z);
        assertAlmostEquals(values[at], found.value!, 1e-6 * Math.abs(found.value!));
      }
    }
  });
});

Deno.test("spectrum: tiles of twice the density show the same, drawn finer", async () => {
  await withCharts(async (engine) => {
    const plain = await sharp((await tileOf(engine, ["random", "random"], [2, 2, 1])).bytes)
      .greyscale().raw().toBuffer();
    const fine = await sharp(
      (await tileOf(engine, ["random", "random"], [2, 2, 1], { density: 2 })).bytes,
    ).resize(256, 256, { kernel: "cubic" }).greyscale().raw().toBuffer();
    let off = 0;
    plain.forEach((byte, i) => off += Math.abs(byte - fine[i]!) / plain.length);
    assert(off < 1.5, `${off} levels on average`);
  });
});

Deno.test("spectrum: the legend names each curve with its colour, its line and the summary's figures", async () => {
  await withCharts(async (engine) => {
    const model = engine.model("random"), summary = await engine.summary(model, "random");
    for (const ground of ["dark", "light"]) {
      const view = viewOf(engine, "random", "random", `ground=${ground}`);
      const legend = legendJson(await engine.legend(view));
      const curves = legend.curves!;
      assertEquals(curves.map(({ name, line }) => [name, line]), [
        ["singular values", "solid"],
        ["power law", "dashed"],
        ["Marchenko–Pastur", "solid"],
        ["shuffled", "dotted"],
      ]);
      assertEquals(new Set(curves.map(({ color }) => color)).size, 4);
      for (const { figures } of curves) {
        for (const [name, value] of Object.entries(figures)) {
          assertEquals(value, summary[name as keyof typeof summary], name);
        }
      }
      // Colours of the legend are those of the picture.
      const png = await tileOf(engine, ["random", "random"], [2, 0, 0], {
        options: `ground=${ground}`,
      });
      const { data } = await sharp(png.bytes).removeAlpha().raw().toBuffer({
        resolveWithObject: true,
      });
      const drawn = new Set<string>();
      for (let i = 0; i < data.length; i += 3) drawn.add(data.subarray(i, i + 3).toString("hex"));
      for (const { color, name } of curves) {
        assert(drawn.has(color.slice(1)), `${name} in ${color}`);
      }
      const svg = legendSvg(legend);
      for (const text of ["alpha ", "mp_softrank ", "stable_rank ", "rand_distance "]) {
        assert(svg.includes(text), text);
      }
    }
    // Where the bulk is what rounding leaves, there is no law of it.
    const { curves } = await engine.legend(viewOf(engine, "rank-two", "rank-two"));
    assertEquals(curves!.map(({ name }) => name), ["singular values", "shuffled"]);
  });
});

Deno.test("spectrum: each step of a capture has its own", async () => {
  await withCharts(async (engine) => {
    const steps = [0, 400].map((step) => `step=${step}`);
    const tags = await Promise.all(steps.map(async (options) => {
      return (await tileOf(engine, ["digits-cnn", "fc1"], [0, 0, 0], { options })).etag;
    }));
    assert(tags[0] !== tags[1]);
    const [first, last] = await Promise.all(
      steps.map((options) =>
        engine.inspect(viewOf(engine, "digits-cnn", "fc1", options), 68, 300, 2)
      ),
    );
    assert(first!.value! < last!.value!, "training lets the largest singular value grow");
  });
});

Deno.test("spectrum: NaN and vectors are refused; zero, one row and ill-scaled matrices are drawn", async () => {
  const spoiled = normals(60);
  [spoiled[3], spoiled[7]] = [NaN, Infinity];
  const contents = {
    spoiled: { shape: [6, 10], values: spoiled },
    vector: { shape: [9], values: normals(9) },
    empty: { shape: [0, 9], values: new Float32Array() },
    zero: { shape: [6, 10], values: new Float32Array(60) },
    row: { shape: [1, 30], values: normals(30) },
    column: { shape: [30, 1], values: normals(30) },
    equal: {
      shape: [5, 5],
      values: Float32Array.from({ length: 25 }, (_, i) => i % 6 === 0 ? 3 : 0),
    },
    tiny: { shape: [20, 12], values: normals(240).map((x) => x * 1e-30) },
    huge: { shape: [20, 12], values: normals(240).map((x) => x * 1e30) },
    kernels: { shape: [8, 3, 3, 3], values: normals(216) },
  };
  await withTensors(contents, async (engine) => {
    const tile = (layer: string, options = "") =>
      tileOf(engine, ["model", layer], [1, 0, 0], { options });
    const why = "it has no singular values: of its 60 numbers 2 are not finite";
    await assertRejects(() => tile("spoiled"), BadRequest, why);
    await assertRejects(() => engine.legend(viewOf(engine, "model", "spoiled")), BadRequest, why);
    await assertRejects(
      () => engine.inspect(viewOf(engine, "model", "spoiled"), 0, 0, 0),
      BadRequest,
      why,
    );
    assertThrows(() => viewOf(engine, "model", "vector"), NotFound, "a tensor of two axes or more");
    assertThrows(
      () => viewOf(engine, "model", "empty"),
      NotFound,
      "elements: this tensor has none",
    );
    assertThrows(() => viewOf(engine, "model", "zero", "show=curves"), BadRequest, "show=curves");
    for (const layer of ["zero", "row", "column", "equal", "tiny", "huge", "kernels"]) {
      for (const options of ["", "show=density&spacing=linear", "show=values&ground=light"]) {
        const { bytes } = await tile(layer, options);
        const { channels } = await sharp(bytes).stats();
        assert(channels[1]!.stdev > 2, `${layer} ${options} is blank`);
      }
    }
    await assertRejects(
      () => engine.inspect(viewOf(engine, "model", "zero"), 90, 90, 1),
      NotFound,
      "no number",
    );
    const { normalization } = await engine.legend(viewOf(engine, "model", "kernels"));
    assertMatch(normalization, /^all 8 singular values/);
  }, { workers: 1 });
});
