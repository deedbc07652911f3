import { basename, dirname, resolve } from "node:path";
import { wasm } from "../compute/wasm.ts";
import { fileOf } from "../field/automaton/training/file.ts";
import { train } from "../field/automaton/training/train.ts";
import type { Cells, Target } from "../field/automaton/training/target.ts";
import type { RemoteOptions } from "../storage/remote.ts";
import { readLayerCells, readLayerTarget } from "./layer_cells.ts";
import { writeFile } from "./output.ts";
import { onPaper, readPicture } from "./picture.ts";
import { progress } from "./progress.ts";
import { reachFlags, reachOf } from "./reach.ts";
import { type Given, UsageError, type Verb } from "./verb.ts";

/** A target's sides: what a few minutes of training can teach. */
const MOST_PIXELS = 64;

export const automaton: Verb = {
  name: "automaton",
  operands: "train TARGET -o RULE.safetensors",
  about:
    "Train a neural cellular automaton to grow TARGET: a small picture, or MODEL LAYER, from one " +
    "cell, or PICTURE MODEL LAYER, the picture from that layer's cells. Open the file beside a " +
    "model to see it: mode automaton, rule=learned, network=RULE.",
  flags: {
    output: { type: "string", short: "o", value: "FILE", about: "the rule, a .safetensors" },
    size: {
      type: "string",
      value: "N",
      about: "pixels a side of the target, at most; 16 unless given",
    },
    channels: { type: "string", value: "N", about: "numbers that a cell has; 16 unless given" },
    hidden: { type: "string", value: "N", about: "hidden neurons; 48 unless given" },
    steps: { type: "string", value: "N", about: "changes of the weights; 2000 unless given" },
    "fire-rate": {
      type: "string",
      value: "P",
      about: "share of cells in a step; 0.5 unless given",
    },
    seed: { type: "string", value: "N", about: "the same makes the same rule; 0 unless given" },
    ...reachFlags,
    json: { type: "boolean", about: "say what was learned as a line of JSON" },
    progress: { type: "boolean", about: "tell how far it is, even if nobody looks" },
    help: { type: "boolean", short: "h", about: "this text" },
  },
  examples: [
    "automaton train flower.png --size 20 -o flower.safetensors",
    "automaton train model.safetensors fc1 --steps 500 -o fc1-rule.safetensors",
    "automaton train flower.png model.safetensors fc1 -o fc1-flower.safetensors",
  ],

  async run(given, signal) {
    const [action, ...named] = given.operands;
    if (action !== "train") {
      throw new UsageError(`automaton knows train, found ${action ?? "nothing"}`);
    }
    if (named.length < 1 || named.length > 3) {
      throw new UsageError(
        "automaton train takes a picture, MODEL and LAYER, or all three, found " +
          `${named.length} arguments`,
      );
    }
    const output = given.text("output");
    if (output === undefined) throw new UsageError("-o FILE is missing");
    if (!output.endsWith(".safetensors")) {
      throw new UsageError(`a rule is a .safetensors, not ${output}`);
    }
    // Told now rather than after minutes of training.
    const folder = dirname(resolve(output));
    const there = await Deno.stat(folder).catch(() => null);
    if (!there?.isDirectory) throw new UsageError(`there is no folder ${folder} to write to`);
    const size = given.whole("size", 1, MOST_PIXELS) ?? 16;
    const options = {
      channels: given.whole("channels", 4, 64) ?? 16,
      hidden: given.whole("hidden", 1, 1024) ?? 48,
      steps: given.whole("steps", 1, 1_000_000) ?? 2000,
      seed: given.whole("seed", 0, 2 ** 31 - 1) ?? 0,
      fireRate: rateOf(given),
    };
    const task = await readTask(named, size, options.channels, reachOf(given), signal);
    const { target, start } = task;
    const began = performance.now();
    const sign = progress({ unit: "steps", total: options.steps, force: given.has("progress") });
    const trained = await train(
      wasm,
      target,
      { ...options, ...start && { start } },
      signal,
      ({ step, loss }) => {
        sign.set(step, `loss ${loss.toPrecision(3)}`);
      },
    ).finally(() => sign.end());
    const seconds = (performance.now() - began) / 1000;

    const { network, steps, before, loss } = trained, { seed, fireRate } = options;
    const words = {
      target: named.map((part) => basename(part)).join(" "),
      ...start && { start: "cells", zoom: start.z, edges: "zero" },
      steps,
      loss: Number(loss.toPrecision(4)),
      seed,
      fire_rate: fireRate,
    };
    const metadata = Object.entries({ rule: "learned", ...words })
      .map(([key, value]) => [key, String(value)] as const);
    await writeFile(output, [fileOf(network, Object.fromEntries(metadata))]);
    if (given.has("json")) {
      const { channels, hidden } = options, { width, height } = target;
      console.log(JSON.stringify({ ...words, before, channels, hidden, width, height, seconds }));
    } else {
      console.log(
        `${steps} steps in ${seconds.toFixed(1)} s, loss ${before.toPrecision(3)} → ${
          loss.toPrecision(3)
        }` + (start ? `; draw it with start=cells, edges=zero at zoom ${start.z}` : ""),
      );
    }
    // What there was is written; that it is not all, the exit code tells.
    signal.throwIfAborted();
    return 0;
  },
};

/** What is to be grown, and from what where that is not one cell. */
interface Task {
  readonly target: Target;
  readonly start?: Cells & { readonly z: number };
}

async function readTask(
  named: readonly string[],
  size: number,
  channels: number,
  remote: RemoteOptions,
  signal: AbortSignal,
): Promise<Task> {
  const [path = "", layer = ""] = named.slice(-2), place = { path, layer, size, remote };
  if (named.length === 1) return { target: await readPicture(path, size) };
  if (named.length === 2) return { target: await readLayerTarget(place, signal) };
  const start = await readLayerCells(place, channels, signal), { width, height } = start;
  return { target: onPaper(await readPicture(named[0]!, { width, height })), start };
}

function rateOf(given: Given): number {
  const text = given.text("fire-rate") ?? "0.5", rate = text.trim() === "" ? NaN : Number(text);
  if (rate > 0 && rate <= 1) return rate;
  throw new UsageError(`--fire-rate ${text} is not a number above 0 and up to 1`);
}
