import type { Summary } from "../analysis/summary.ts";
import { NotFound } from "../errors.ts";
import { elementCount } from "../formats/format.ts";
import type { Model } from "../model/model.ts";
import { verifyModel } from "../model/verify.ts";
import { describeModel } from "../tile/describe.ts";
import { createEngine } from "../tile/engine.ts";
import type { Engine } from "../tile/tile.ts";
import { oneModel } from "./one.ts";
import { type Body, lost, outline, titleOf } from "./outline.ts";
import { progress } from "./progress.ts";
import { reachFlags, reachOf } from "./reach.ts";
import { table } from "./table.ts";
import { type Given, UsageError, type Verb } from "./verb.ts";

/** Tensors asked for at once: the next ones are opened while one is measured. */
const AT_ONCE = 8;

export const inspect: Verb = {
  name: "inspect",
  operands: "FILE",
  about: "Show the layers of a model file or folder, or list its tensors.",
  flags: {
    json: { type: "boolean", about: "print what GET /models/{model} answers" },
    tensors: { type: "boolean", short: "t", about: "list each tensor instead of folded layers" },
    statistics: { type: "boolean", short: "s", about: "read the values, and measure each tensor" },
    verify: { type: "boolean", about: "read the values, and check them by the file's checksums" },
    layer: { type: "string", short: "l", value: "NAME", about: "only this layer or tensor" },
    ...reachFlags,
    progress: { type: "boolean", about: "tell how far it is, even if nobody looks" },
    help: { type: "boolean", short: "h", about: "this text" },
  },
  examples: ["inspect model.safetensors --statistics", "inspect model.safetensors --json"],

  async run(given, signal) {
    const [path, ...others] = given.operands;
    if (path === undefined || others.length > 0) {
      throw new UsageError(`inspect takes one file, found ${given.operands.length}`);
    }
    const measured = given.has("statistics");
    const engine = await createEngine([oneModel(path)], {
      remote: reachOf(given),
      ...(measured ? {} : { workers: 0 }),
    });
    try {
      const model = engine.models()[0]!; // none would have been thrown
      const body = narrow(describeModel(model, engine.modes()), given.text("layer"), path);
      const names = body.tensors.map(({ name }) => name);
      const { summaries, failures } = measured
        ? await measure(engine, model, names, given, signal)
        : { failures: [] };
      if (given.has("json")) {
        const tensors = body.tensors.map((tensor, i) =>
          summaries ? { ...tensor, summary: summaries[i] ?? null } : tensor
        );
        console.log(JSON.stringify({ ...body, tensors }, null, 2));
      } else {
        const listed = given.has("tensors") || measured || given.text("layer") !== undefined;
        console.log(listed ? report(body, summaries) : outline(body));
      }
      if (given.has("verify")) {
        const bytes = await verifyModel(oneModel(path), { signal });
        const found = bytes > 0 ? `${bytes} bytes agree with their checksums` : "no checksums here";
        console.error(`synaptile: ${found}`);
      }
      for (const failure of failures) console.error(`synaptile: ${failure}`);
      return failures.length === 0 ? 0 : 1;
    } finally {
      await engine.close();
    }
  },
};

/** The layer of that name with its tensors, or the tensor or view of that name. */
function narrow(body: Body, name: string | undefined, path: string): Body {
  if (name === undefined) return body;
  const layers = body.layers.filter((layer) => layer.name === name || layer.tensors.includes(name));
  const wanted = layers.some((layer) => layer.name === name)
    ? layers.filter((layer) => layer.name === name).flatMap(({ tensors }) => tensors)
    : [name];
  const tensors = [...body.tensors, ...body.views].filter(({ name }) => wanted.includes(name));
  if (tensors.length > 0) return { ...body, layers, tensors };
  const some = body.layers.slice(0, 8).map((layer) => layer.name).join(", ");
  throw new NotFound(`${path} has no layer or tensor "${name}"; among its layers are ${some}`);
}

/** One a tensor; undefined where it failed. */
type Summaries = readonly (Summary | undefined)[];

/** Measures what can be measured, and tells of each tensor that could not be why. */
async function measure(
  engine: Engine,
  model: Model,
  names: readonly string[],
  given: Given,
  signal: AbortSignal,
): Promise<{ summaries: Summaries; failures: string[] }> {
  const sign = progress({ unit: "tensors", total: names.length, force: given.has("progress") });
  const summaries = new Array<Summary | undefined>(names.length);
  const failures: string[] = [];
  const queue = names.entries();
  const work = async () => {
    for (const [i, name] of queue) {
      try {
        summaries[i] = await engine.summary(model, name, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
      }
      sign.tick();
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    sign.end();
  }
  return { summaries, failures };
}

function report(body: Body, summaries: Summaries | undefined): string {
  const head = ["tensor", "dtype", "shape", "parameters", "bytes"];
  const figures = ["min", "max", "mean", "std", "norm", "zeros", "nan", "inf"];
  const rows = body.tensors.map(({ name, dtype, shape, bytes }, i) => {
    const parameters = elementCount(shape);
    const summary = summaries?.[i];
    return [
      name,
      dtype,
      `[${shape.join(", ")}]`,
      count(parameters),
      count(bytes),
      ...(summary ? figuresOf(summary) : []),
    ];
  });
  const listed = table([[...head, ...(summaries ? figures : [])], ...rows], 3);
  return [titleOf(body), "", listed, ...lost(body)].join("\n");
}

function figuresOf({ min, max, mean, variance, frobenius, sparsity, nan, inf }: Summary): string[] {
  return [
    short(min),
    short(max),
    short(mean),
    short(variance === null ? null : Math.sqrt(variance)),
    short(frobenius),
    sparsity === null ? "–" : `${(100 * sparsity).toFixed(1)} %`,
    count(nan),
    count(inf),
  ];
}

const count = (value: number) => value.toLocaleString("en-US");
const short = (value: number | null) => value === null ? "–" : String(Number(value.toPrecision(5)));
