import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { makeModel } from "../../bench/make_model.ts";
import { sizes, tensorsOf } from "../../bench/synthetic/llama.ts";
import { Clouds, seeded } from "../../bench/synthetic/noise.ts";
import { rowsOf } from "../../bench/synthetic/values.ts";
import { openModel } from "../../src/model/open.ts";
import { inFolder } from "../storage/folder.ts";

const { hidden, intermediate, head } = sizes["1e5"];

/** One whose dead head is not the first. */
const SEED = 3;

/** A tensor's shape and values, read without the code that made it or draws it. */
interface Tensor {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

function tensorsIn(folder: string): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  for (const name of shardsIn(folder)) {
    const bytes = Deno.readFileSync(`${folder}/${name}`);
    const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
    delete header.__metadata__;
    for (
      const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries<Entry>(header)
    ) {
      assertEquals(dtype, "BF16");
      const stored = new Uint16Array(bytes.slice(start + from, start + to).buffer);
      const values = new Float32Array(Uint32Array.from(stored, (bits) => bits << 16).buffer);
      const [rows, columns] = shape.length === 2 ? shape : [1, shape[0]];
      assertEquals(values.length, rows! * columns!);
      found.set(name, { rows: rows!, columns: columns!, values });
    }
  }
  return found;
}

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

const shardsIn = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".safetensors")).sort();

/** Root mean square of each row, or of each column. */
function sizesOf({ rows, columns, values }: Tensor, side: "rows" | "columns"): number[] {
  const sums = new Array<number>(side === "rows" ? rows : columns).fill(0);
  values.forEach((value, i) => {
    sums[side === "rows" ? Math.floor(i / columns) : i % columns]! += value * value;
  });
  return sums.map((sum) => Math.sqrt(sum / (side === "rows" ? columns : rows)));
}

const zeros = (sizes: readonly number[]) => sizes.flatMap((size, i) => size === 0 ? [i] : []);

const made = await Deno.makeTempDir({ prefix: "synaptile-" });
await makeModel("1e5", { folder: made, seed: SEED });
const tensors = tensorsIn(made);
globalThis.addEventListener("unload", () => Deno.removeSync(made, { recursive: true }));
const of = (block: number, part: string) => tensors.get(`model.layers.${block}.${part}.weight`)!;

Deno.test("a made model opens as a decoder in shards, with as many parameters as its size says", async () => {
  const model = await openModel(made);
  try {
    assertEquals(shardsIn(made).length, 2);
    assertEquals(model.parameters, 133_440);
    assertEquals(model.layers.length, 2 * 9 + 3);
    assertEquals(model.layers.slice(0, 10).map(({ name }) => name), [
      "model.embed_tokens",
      "model.layers.0.input_layernorm",
      ...["q", "k", "v", "o"].map((part) => `model.layers.0.self_attn.${part}_proj`),
      "model.layers.0.post_attention_layernorm",
      ...["gate", "up", "down"].map((part) => `model.layers.0.mlp.${part}_proj`),
    ]);
    assertEquals(model.layers.slice(-2).map(({ name }) => name), ["model.norm", "lm_head"]);
    const down = model.tensors.find(({ name }) => name.endsWith("0.mlp.down_proj.weight"));
    assertEquals(down?.shape, [hidden, intermediate]);
  } finally {
    model.close();
  }
});

Deno.test("every size has at least as many parameters as its name says, and at most 8 % more", () => {
  for (const name of ["1e8", "1e9", "7e9"] as const) {
    const shapes = tensorsOf(sizes[name]).map(({ shape }) => shape as readonly number[]);
    const parameters = shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0);
    assert(parameters >= Number(name) && parameters <= 1.08 * Number(name), `${parameters}`);
  }
});

Deno.test("the same seed makes the same bytes with one worker as with two, another seed others", async () => {
  await inFolder(async (folder) => {
    const again = await makeModel("1e5", { folder: `${folder}/again`, seed: SEED, workers: 1 });
    for (const name of shardsIn(made)) {
      assertEquals(
        await Deno.readFile(`${again}/${name}`),
        await Deno.readFile(`${made}/${name}`),
      );
    }
    const other = tensorsIn(await makeModel("1e5", { folder: `${folder}/other`, seed: 2 }));
    for (const [name, { values }] of tensors) {
      const same = values.filter((value, i) => value === other.get(name)!.values[i]).length;
      assert(same < values.length / 5, `${name}: ${same} of ${values.length}`);
    }
  });
});

Deno.test("what is there and whole is kept; what is cut short, of another seed or missing is made anew", async () => {
  await inFolder(async (folder) => {
    const [first, second] = await makeModel("1e5", { folder }).then(shardsIn);
    const kept = new Date(0);
    Deno.utimeSync(`${folder}/${first}`, kept, kept);
    const isKept = () => Deno.statSync(`${folder}/${first}`).mtime?.getTime() === 0;
    const path = `${folder}/${second}`;
    const bytes = await Deno.readFile(path);
    const damages = {
      nothing: () => {},
      cut: () => Deno.truncateSync(path, bytes.length - 2),
      removed: () => Deno.removeSync(path),
      unfinished: () => Deno.renameSync(path, `${path}.part`),
      indexless: () => Deno.removeSync(`${folder}/model.safetensors.index.json`),
    };
    for (const damage of Object.values(damages)) {
      damage();
      await makeModel("1e5", { folder });
      assert(isKept());
      assertEquals(await Deno.readFile(path), bytes);
      assertEquals([...Deno.readDirSync(folder)].length, 3);
      (await openModel(folder)).close();
    }
    await makeModel("1e5", { folder, seed: 2 });
    assert(!isKept());
    assertNotEquals(await Deno.readFile(path), bytes);
  });
});

Deno.test("a few channels are 6 to 25 times as large as the middle one, the same ones in all blocks", () => {
  const channels = [0, 1].flatMap((block) =>
    [
      ...["q", "k", "v"].map((part) => [`self_attn.${part}_proj`, "columns"] as const),
      ...[["self_attn.o_proj", "rows"], ["mlp.down_proj", "rows"]] as const,
      ...["gate", "up"].map((part) => [`mlp.${part}_proj`, "columns"] as const),
    ].map(([part, side]) => {
      const sizes = sizesOf(of(block, part), side);
      const middle = sizes.toSorted((a, b) => a - b)[sizes.length >> 1]!;
      const large = sizes.flatMap((size, i) => size > 5 * middle ? [i] : []);
      for (const i of large) assert(sizes[i]! > 6 * middle && sizes[i]! < 25 * middle);
      return large;
    })
  );
  assertEquals(channels[0]!.length, 2);
  for (const other of channels) assertEquals(other, channels[0]);
});

Deno.test("dead neurons are zero rows of gate and up and zero columns of down, others in each block", () => {
  const dead = [0, 1].map((block) => {
    const rows = zeros(sizesOf(of(block, "mlp.gate_proj"), "rows"));
    assert(rows.length > 0 && rows.length < intermediate / 20);
    assertEquals(zeros(sizesOf(of(block, "mlp.up_proj"), "rows")), rows);
    assertEquals(zeros(sizesOf(of(block, "mlp.down_proj"), "columns")), rows);
    return rows;
  });
  assertNotEquals(dead[0], dead[1]);
});

Deno.test("stored values are the nearest that bfloat16 has, the even one of two as near", () => {
  const making = { size: sizes["1e5"], seed: SEED, nan: false };
  const wide = (bits: number) => new Float32Array(new Uint32Array([bits << 16]).buffer)[0]!;
  for (const plan of tensorsOf(making.size)) {
    const { rows, columns, values } = tensors.get(plan.name)!;
    const next = rowsOf(making, plan);
    const row = new Float32Array(columns), bits = new Uint32Array(row.buffer);
    for (let y = 0; y < rows; y++) {
      next(row);
      for (let x = 0; x < columns; x++) {
        const below = bits[x]! >>> 16;
        const [low, high] = [below, below + 1].map((to) => Math.abs(wide(to) - row[x]!));
        const isLow = low! < high! || (low === high && below % 2 === 0);
        assertEquals(values[y * columns + x], wide(isLow ? below : below + 1));
      }
    }
  }
});

Deno.test("clouds are smooth downwards and across, and of their amplitude", () => {
  const random = seeded(1, "clouds");
  const clouds = new Clouds(random, [{ rows: 20, columns: 30, amplitude: 0.5 }], 600);
  const rows = Array.from({ length: 400 }, (_, y) => {
    const row = new Float32Array(600);
    clouds.row(y, row);
    return row;
  });
  // Easing is 1.5 times as steep as a straight line; deviates are no further apart than 9.
  const steepest = (spacing: number) => 1.5 * 0.5 * 9 / spacing;
  let squares = 0;
  rows.forEach((row, y) =>
    row.forEach((value, x) => {
      squares += value * value;
      assert(Math.abs(value - (rows[y + 1]?.[x] ?? value)) < steepest(20));
      assert(Math.abs(value - (row[x + 1] ?? value)) < steepest(30));
    })
  );
  const size = Math.sqrt(squares / 600 / 400);
  assert(size > 0.3 && size < 0.5, `${size}`); // between nodes there is less than at them
});

Deno.test("a dead head is zero rows of v and zero columns of o, in the second block alone", () => {
  assertEquals(zeros(sizesOf(of(0, "self_attn.v_proj"), "rows")), []);
  const rows = zeros(sizesOf(of(1, "self_attn.v_proj"), "rows"));
  assertEquals(rows, Array.from({ length: head }, (_, i) => rows[0]! + i));
  assertEquals(rows[0]! % head, 0);
  assertEquals(zeros(sizesOf(of(1, "self_attn.o_proj"), "columns")), rows);
  assertEquals(zeros(sizesOf(of(1, "self_attn.q_proj"), "rows")), []);
});

Deno.test("means of blocks differ by more than noise would leave, in every matrix", () => {
  const side = 16;
  for (const [name, { rows, columns, values }] of tensors) {
    if (rows === 1) continue;
    const means: number[] = [], spreads: number[] = [];
    for (let y = 0; y < rows; y += side) {
      for (let x = 0; x < columns; x += side) {
        const block = Array.from({ length: side * side }, (_, i) => {
          return values[(y + Math.floor(i / side)) * columns + x + i % side]!;
        });
        const mean = block.reduce((a, b) => a + b) / block.length;
        means.push(mean);
        spreads.push(block.reduce((sum, value) => sum + (value - mean) ** 2, 0) / block.length);
      }
    }
    const spread = means.reduce((sum, mean) => sum + mean * mean, 0) / means.length;
    const noise = spreads.reduce((a, b) => a + b) / spreads.length / side ** 2;
    assert(spread > 2 * noise, `${name}: ${spread} against ${noise}`);
  }
});

Deno.test("no value is NaN or infinite, but for three of the last norm where they are asked for", async () => {
  for (const { values } of tensors.values()) assert(values.every(Number.isFinite));
  await inFolder(async (folder) => {
    await makeModel("1e5", { folder, nan: true });
    for (const [name, { values }] of tensorsIn(folder)) {
      const count = values.filter(Number.isNaN).length;
      assertEquals(count, name === "model.norm.weight" ? 3 : 0);
    }
  });
});
