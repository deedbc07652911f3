/**
 * Makes a model to measure with: a decoder of the LLaMA kind in bfloat16, in shards with an index as
 * hubs have them. Its values are not trained, but structured: heads, dead neurons, outlier channels
 * that are the same ones in all blocks, spectra that decay, words whose norms go by how often they
 * occur; and means that differ from place to place, so that there is something to see from afar.
 *
 *     deno run -A bench/make_model.ts --size 1e8|1e9|7e9 [--seed 1] [--nan] [-o FOLDER]
 *
 * The same size and seed give the same bytes. What is there already and whole is kept; the folder is
 * one of the benches' scratch folder unless given.
 */
import { statfsSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Task } from "./make_model_worker.ts";
import { scratch } from "./models.ts";
import {
  elementsOf,
  indexOf,
  isSize,
  type Shard,
  shardsOf,
  type SizeName,
  sizes,
  tensorsOf,
} from "./synthetic/llama.ts";
import type { Making } from "./synthetic/values.ts";

export interface Options {
  readonly seed?: number;
  /** A few NaN in the last norm. */
  readonly nan?: boolean;
  /** Where the model goes; a folder of the benches' own unless given. */
  readonly folder?: string;
  readonly workers?: number;
}

/** Counts up when the same seed no longer gives the same bytes. */
const RECIPE = "1";

const INDEX = "model.safetensors.index.json";

/**
 * Makes the model, or what is missing of it. Returns its folder. Throws where the disk has not enough
 * room for it.
 */
export async function makeModel(name: SizeName, options: Options = {}): Promise<string> {
  const { seed = 1, nan = false, workers = 2 } = options;
  const size = sizes[name];
  const suffix = `${seed === 1 ? "" : `-seed-${seed}`}${nan ? "-nan" : ""}`;
  const folder = options.folder ?? `${scratch}/llama-${name}${suffix}`;
  const making: Making = { size, seed, nan };
  const shards = shardsOf(tensorsOf(size), { recipe: RECIPE, seed: `${seed}`, nan: `${nan}` });
  const missing = shards.filter((shard) => !isWhole(folder, shard));
  Deno.mkdirSync(folder, { recursive: true });
  makeRoom(folder, missing);
  for (const { name, header, size } of missing) {
    const file = Deno.openSync(`${folder}/${name}.part`, { write: true, create: true });
    try {
      file.truncateSync(0);
      for (let at = 0; at < header.length;) at += file.writeSync(header.subarray(at));
      file.truncateSync(size);
    } finally {
      file.close();
    }
  }
  await fill(folder, missing, making, workers);
  const index = indexOf(shards);
  if (missing.length > 0 || readText(`${folder}/${INDEX}`) !== index) {
    Deno.writeTextFileSync(`${folder}/${INDEX}.part`, index);
    Deno.renameSync(`${folder}/${INDEX}.part`, `${folder}/${INDEX}`);
  }
  return folder;
}

/** A file gets its name when it is complete: one of the right size and header is. */
function isWhole(folder: string, { name, header, size }: Shard): boolean {
  const path = `${folder}/${name}`;
  try {
    if (Deno.statSync(path).size !== size) return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  const found = new Uint8Array(header.length);
  const file = Deno.openSync(path);
  try {
    for (let at = 0; at < found.length;) at += file.readSync(found.subarray(at)) ?? Infinity;
  } finally {
    file.close();
  }
  return found.every((byte, i) => byte === header[i]);
}

/** Removes what is left of earlier attempts, and sees to it that the rest fits. */
function makeRoom(folder: string, missing: readonly Shard[]): void {
  for (const { name } of missing) {
    for (const path of [`${folder}/${name}`, `${folder}/${name}.part`]) {
      try {
        Deno.removeSync(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
  const needed = missing.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = statfsSync(folder);
  if (needed > bavail * bsize) {
    const [found, expected] = [bavail * bsize, needed].map((bytes) => (bytes / 1e9).toFixed(1));
    throw new Error(`${folder} has ${found} GB free, and ${expected} GB are needed`);
  }
}

/** Has workers make tensor after tensor; a shard whose last one is made gets its name. */
async function fill(
  folder: string,
  shards: readonly Shard[],
  making: Making,
  count: number,
): Promise<void> {
  const tasks = shards.flatMap(({ name, tensors }) =>
    tensors.map(({ plan, offset }): Task => {
      return { making, plan, offset, path: `${folder}/${name}.part` };
    })
  );
  const left = new Map(
    shards.map((shard) => [`${folder}/${shard.name}.part`, shard.tensors.length]),
  );
  const queue = tasks.values();
  await Promise.all(Array.from({ length: Math.min(count, tasks.length) }, async () => {
    using worker = new MakingWorker();
    for (const task of queue) {
      await worker.make(task);
      const remaining = left.get(task.path)! - 1;
      left.set(task.path, remaining);
      if (remaining === 0) Deno.renameSync(task.path, task.path.slice(0, -".part".length));
    }
  }));
}

/** A thread that makes one tensor at a time. */
class MakingWorker {
  readonly #worker = new Worker(new URL("make_model_worker.ts", import.meta.url), {
    type: "module",
  });

  make(task: Task): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = () => resolve();
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`${task.plan.name}: ${event.message}`));
      };
      this.#worker.postMessage(task);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      size: { type: "string" },
      seed: { type: "string", default: "1" },
      nan: { type: "boolean", default: false },
      output: { type: "string", short: "o" },
    },
  });
  const { size = "", output } = values;
  const seed = Number(values.seed);
  if (!isSize(size)) {
    throw new Error(`--size is one of ${Object.keys(sizes).join(", ")}, not "${size}"`);
  }
  if (!Number.isSafeInteger(seed)) {
    throw new Error(`--seed is a whole number, not "${values.seed}"`);
  }
  const began = performance.now();
  const options = { seed, nan: values.nan, ...(output === undefined ? {} : { folder: output }) };
  const folder = await makeModel(size, options);
  const parameters = tensorsOf(sizes[size]).reduce((sum, plan) => sum + elementsOf(plan), 0);
  const seconds = (performance.now() - began) / 1000;
  console.log(JSON.stringify({ folder, parameters, bytes: 2 * parameters, seconds }));
}

if (import.meta.main) await main();
