import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { BadRequest } from "../../src/errors.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { type Content, hash, numbers, tileAt } from "./models.ts";
import { comparedAt, withTuned } from "./pair.ts";

const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
const made = (shape: readonly number[], value: (i: number) => number): Content => {
  return { shape, values: Float32Array.from({ length: size(shape) }, (_, i) => value(i)) };
};
const content = (shape: readonly number[], seed: number): Content =>
  made(shape, (i) => hash(i + 1e5 * seed) - 0.5);

/** Blocks as of a transformer. */
const names = [0, 1, 2].flatMap((block) =>
  ["attn.q_proj", "attn.o_proj", "mlp.up_proj", "mlp.down_proj"].map((part) =>
    `layers.${block}.${part}.weight`
  )
);
const shapeOf = (name: string) =>
  name.includes("up") ? [512, 160] : name.includes("down") ? [160, 512] : [160, 160];
const base: Record<string, Content> = Object.fromEntries(
  names.map((name, i) => [name, content(shapeOf(name), i)]),
);
/** Tuned are the queries of all blocks and all of the last; one tensor is of another shape, one is new. */
const isTuned = (name: string) => name.includes("q_proj") || name.startsWith("layers.2");
const tuned: Record<string, Content> = {
  ...Object.fromEntries(names.map((name, i) => {
    const { shape, values } = base[name]!;
    const step = isTuned(name) ? 0.05 : 0;
    return [name, { shape, values: values.map((v, at) => v + step * (hash(at * 3 + i) - 0.3)) }];
  })),
  "layers.0.mlp.up_proj.weight": content([500, 160], 77),
  "head.weight": content([100, 160], 78),
};
const strange = ["layers.0.mlp.up_proj.weight", "head.weight"];

const view = (engine: Engine, query = "") =>
  engine.view("tuned", "_", "map", new URLSearchParams(`against=base${query}`));

const regionsOf = (engine: Engine) => {
  const { layout } = engine.layout(engine.model("tuned"));
  return layout.regions.map(({ plane, ...place }) => {
    const { tensor } = layout.planes[plane]!.plane;
    return { ...place, name: tensor.name };
  });
};

/** The number at a cell of the map, or of blocks of them, of tiles drawn once. */
function reader(engine: Engine, query = "") {
  const tiles = new Map<string, Promise<{ values: Float32Array }>>();
  return async (z: number, x: number, y: number): Promise<number> => {
    const [column, row] = [Math.floor(x / 256), Math.floor(y / 256)];
    const key = `${z}/${column}/${row}`;
    const tile = tiles.get(key) ??
      numbers(engine, comparedAt("_", [z, column, row], query, "map"));
    tiles.set(key, tile);
    return (await tile).values[(y % 256) * 256 + x % 256]!;
  };
}

Deno.test("every compared layer's region on the map is its own compared tile, cell for cell", () =>
  withTuned(base, tuned, async (engine) => {
    for (const how of ["difference", "ratio", "signs"]) {
      const { plane: { nativeZoom } } = view(engine);
      const query = `compare=${how}`;
      const at = reader(engine, query);
      for (const { name, x, y, left, top, width, height } of regionsOf(engine)) {
        if (strange.includes(name)) {
          for (const [dx, dy] of [[0, 0], [width - 1, height - 1]] as const) {
            assertEquals(await at(nativeZoom, x + dx, y + dy), NaN, name);
          }
          continue;
        }
        const own = engine.view(
          "tuned",
          name,
          "weights",
          new URLSearchParams(`against=base&${query}`),
        );
        for (let i = 0; i < 150; i++) {
          const dx = Math.floor(hash(i) * width), dy = Math.floor(hash(i + 0.5) * height);
          const [cx, cy] = [left + dx, top + dy];
          const { values } = await remembered(
            engine,
            name,
            query,
            own.plane.nativeZoom,
            cx >> 8,
            cy >> 8,
          );
          const want = values[(cy % 256) * 256 + cx % 256]!;
          assertEquals(await at(nativeZoom, x + dx, y + dy), want, `${name} ${cx} ${cy} ${how}`);
        }
      }
      drawn.clear();
    }
  }));

const drawn = new Map<string, Promise<{ values: Float32Array }>>();
function remembered(engine: Engine, layer: string, query: string, z: number, x: number, y: number) {
  const key = `${layer} ${query} ${x} ${y}`;
  const tile = drawn.get(key) ?? numbers(engine, comparedAt(layer, [z, x, y], query));
  drawn.set(key, tile);
  return tile;
}

Deno.test("the overview's blocks are means of the compared cells in them, and of no others", () =>
  withTuned(base, tuned, async (engine) => {
    const { plane } = view(engine);
    const cells = new Map<number, number>();
    for (const { name, x, y, left, top, width, height } of regionsOf(engine)) {
      const other = base[name];
      const { shape, values } = tuned[name]!;
      if (!other || strange.includes(name)) continue;
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const i = (top + row) * shape[1]! + left + column;
          cells.set(
            (y + row) * plane.width + x + column,
            Math.fround(values[i]! - other.values[i]!),
          );
        }
      }
    }
    const at = reader(engine);
    const { align } = engine.layout(engine.model("tuned")).layout;
    for (let z = 0; z < plane.nativeZoom; z++) {
      const side = 2 ** (plane.nativeZoom - z);
      for (let y = 0; y * side < plane.height; y++) {
        for (let x = 0; x * side < plane.width; x++) {
          let sum = 0, count = 0;
          for (let cy = y * side; cy < (y + 1) * side; cy++) {
            for (let cx = x * side; cx < (x + 1) * side; cx++) {
              const value = cells.get(cy * plane.width + cx);
              if (value === undefined) continue;
              sum += value;
              count++;
            }
          }
          const got = await at(z, x, y);
          if (count === 0) assertEquals(got, NaN);
          else if (side <= 2 ** align || count === side * side) {
            assertAlmostEquals(got, sum / count, 1e-6);
          } else assert(Number.isNaN(got) || Math.abs(got - sum / count) <= 1e-6, `${z}/${x}/${y}`);
        }
      }
    }
  }));

Deno.test("a compared map's legend counts the tensors without a partner; it draws nothing there", () =>
  withTuned(base, tuned, async (engine) => {
    const legend = await engine.legend(view(engine));
    assertEquals(legend.title, "Weight − that of base, in units of its tensor's own scale");
    const without = legend.special.at(-1)!;
    assertEquals(without, {
      name: "no partner (2 of 13 tensors)",
      color: "transparent",
      count: 500 * 160 + 100 * 160,
    });
    const own = await engine.legend(engine.view("tuned", "_", "map", new URLSearchParams()));
    assertEquals(own.title, "Weight, in units of its tensor's own scale");
    assert(own.special.every(({ color }) => color !== "transparent"));
    const signs = await engine.legend(view(engine, "&compare=signs"));
    assertEquals([signs.title, signs.ramp!.colormap], ["Sign changes against base", "viridis"]);
    assertEquals([signs.ramp!.stops[0]!.value, signs.ramp!.stops.at(-1)!.value], [0, 1]);
  }));

Deno.test("a point of a compared map is the tensor's own compared one", () =>
  withTuned(base, tuned, async (engine) => {
    const found = regionsOf(engine).find(({ name }) => name === "layers.1.attn.q_proj.weight")!;
    const point = await engine.inspect(
      view(engine, "&compare=ratio"),
      found.x + 3,
      found.y + 5,
      undefined,
    );
    const [a, b] = [tuned, base].map((model) => model[found.name]!.values[5 * 160 + 3]!) as [
      number,
      number,
    ];
    assertAlmostEquals(point.value!, Math.log2(Math.abs(a / b)), 1e-6);
    assertEquals([point.compared!.own.value, point.compared!.other.value], [a, b]);
    const strangers = regionsOf(engine).find(({ name }) => name === "head.weight")!;
    await assertRejects(
      () => engine.inspect(view(engine), strangers.x, strangers.y, undefined),
      BadRequest,
      "no partner",
    );
  }));

Deno.test("tiles of one place are those of their own model and comparison", () =>
  withTuned(base, tuned, async (engine) => {
    const tags = new Set<string>(), pictures = new Set<string>();
    const subjects = [["base", ""], ["tuned", ""], ["tuned", "against=base"], [
      "base",
      "against=tuned",
    ]];
    for (const [model, query] of [...subjects, ["tuned", "against=tuned"]] as [string, string][]) {
      const ticket = engine.ticket(tileAt("_", [0, 0, 0], query, { model, mode: "map" }));
      tags.add(ticket.etag);
      pictures.add((await ticket.tile()).bytes.toBase64());
    }
    assertEquals([tags.size, pictures.size], [5, 5]);
  }));

Deno.test("comparisons that are asked for at once do not stand in for each other", async () => {
  const hows = ["difference", "ratio", "signs"];
  const far = (engine: Engine, how: string) =>
    numbers(engine, comparedAt("_", [0, 0, 0], `compare=${how}`, "map"));
  const alone: Float32Array[] = [];
  await withTuned(base, tuned, async (engine) => {
    for (const how of hows) alone.push((await far(engine, how)).values);
  });
  await withTuned(base, tuned, async (engine) => {
    const together = await Promise.all(hows.map((how) => far(engine, how)));
    assertEquals(together.map(({ values }) => values), alone);
  });
});

Deno.test("a large layer of a compared map is estimated where models are read in the background, and says so", async () => {
  const shape = [2100, 2400];
  const sources = [5, 6].map((seed) => made(shape, (i) => hash(i + seed) - 0.5));
  const [a, b] = sources as [Content, Content];
  const exact = a.values.reduce((sum, v, i) => sum + (v - b.values[i]!) / a.values.length, 0);
  const folder = await Deno.makeTempDir();
  try {
    await withTuned({ fc: b }, { fc: a }, async (engine) => {
      const ticket = engine.ticket(comparedAt("_", [0, 0, 0], "", "map"));
      assert(ticket.preliminary && ticket.etag.startsWith("W/"));
      const { values } = await numbers(engine, comparedAt("_", [0, 0, 0], "", "map"));
      const known = values.filter((value) => !Number.isNaN(value));
      const mean = known.reduce((sum, v) => sum + v / known.length, 0);
      assert(Math.abs(mean - exact) < 0.01, `${mean} instead of ${exact}`);
      const legend = await engine.legend(view(engine));
      assert(legend.refinement! < 1);
      // The cells themselves are exact, and so is the layer by itself.
      const { nativeZoom } = view(engine).plane;
      const { x, y } = regionsOf(engine)[0]!;
      const near = await reader(engine)(nativeZoom, x + 10, y + 20);
      const at = 20 * shape[1]! + 10;
      assertEquals(near, Math.fround(a.values[at]! - b.values[at]!));
      const own = engine.ticket(comparedAt("fc", [0, 0, 0]));
      assert(!own.preliminary);
    }, { store: { folder, background: true } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
