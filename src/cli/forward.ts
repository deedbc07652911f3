import { basename, join } from "node:path";
import { BadRequest, NotFound, TooLarge } from "../errors.ts";
import { safetensorsFile, type Written } from "../formats/safetensors_file.ts";
import { openModel } from "../model/open.ts";
import { forward as run, type Ran } from "../run/forward.ts";
import type { Given } from "../run/inputs.ts";
import { explained } from "../tile/export/disk.ts";
import { oneModel } from "./one.ts";
import { writeFile } from "./output.ts";
import { type Given as Arguments, UsageError, type Verb } from "./verb.ts";

/** Bytes of an input's file, and of all outputs. */
const MOST_INPUT = 2 ** 28, MOST_OUTPUT = 2 ** 30;
/** Seconds that a run may take unless told otherwise. */
const USUAL = 600;

/** Runs a network, and writes what it computed as a capture of one step. */
export const forward: Verb = {
  name: "forward",
  operands: "MODEL.onnx [NAME=]INPUT… -o FOLDER",
  about: "Run an ONNX file on .npy, .json or a picture; what it computes is a folder that opens.",
  flags: {
    output: {
      type: "string",
      short: "o",
      value: "FOLDER",
      about: "where to; it must not be there",
    },
    outputs: {
      type: "string",
      value: "NAME,…",
      about: "values or layers to keep besides the network's own; all unless given",
    },
    scale: {
      type: "string",
      value: "X",
      about: "of a picture's values, from 0 to 1: 1 unless given",
    },
    shift: { type: "string", value: "X", about: "added to these after that: 0 unless given" },
    time: { type: "string", value: "S", about: `seconds that it may take: ${USUAL} unless given` },
    help: { type: "boolean", short: "h", about: "this text" },
  },
  examples: [
    "forward digits.onnx digit.png --scale 2 --shift -1 -o run/",
    "forward decoder.onnx tokens=tokens.npy mask=mask.json --outputs attention -o run/",
  ],

  async run(given, signal) {
    const [path, ...inputs] = given.operands;
    const out = given.text("output");
    if (path === undefined) throw new UsageError("forward takes a MODEL.onnx and its inputs");
    if (out === undefined) throw new UsageError("-o FOLDER is missing");
    const scaling = { scale: number(given, "scale", 1), shift: number(given, "shift", 0) };
    const limits = { time: (given.whole("time", 1, 86_400) ?? USUAL) * 1000, bytes: MOST_OUTPUT };
    const place = oneModel(path);
    const outputs = given.text("outputs")?.split(",").filter((name) => name !== "");
    const model = await openModel(place, { signal });
    try {
      const asked = { inputs: await inputsOf(inputs, scaling), ...(outputs ? { outputs } : {}) };
      const ran = await run(model, place, asked, limits, { signal });
      await write(out, model.title, ran);
      const { captured, results: { seconds } } = ran;
      console.log(`${captured.length} tensors in ${seconds.toFixed(2)} s, in ${out}`);
      return 0;
    } finally {
      model.close();
    }
  },
};

function number(given: Arguments, flag: string, usual: number): number {
  const text = given.text(flag);
  if (text === undefined) return usual;
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new UsageError(`--${flag} ${text} is not a number`);
}

/** Files by the names of the inputs that they are for; "" for the only one. */
async function inputsOf(
  operands: readonly string[],
  scaling: { readonly scale: number; readonly shift: number },
): Promise<Map<string, Given>> {
  const inputs = new Map<string, Given>();
  for (const operand of operands) {
    const cut = operand.indexOf("=");
    const [name, path] = [operand.slice(0, Math.max(0, cut)), operand.slice(cut + 1)];
    if (inputs.has(name)) {
      throw new UsageError(
        name === ""
          ? "of several inputs each needs its name: NAME=INPUT"
          : `${name} is given twice`,
      );
    }
    const bytes = await readInput(path);
    const ending = /\.\w+$/.exec(path)?.[0].toLowerCase();
    inputs.set(
      name,
      ending === ".npy"
        ? { kind: "npy", bytes }
        : ending === ".json"
        ? { kind: "json", value: parsed(path, bytes) }
        : { kind: "image", bytes, scaling },
    );
  }
  return inputs;
}

function parsed(path: string, bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new BadRequest(`${path} is not JSON`, { file: path }, cause);
  }
}

async function readInput(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await Deno.stat(path);
    if (size <= MOST_INPUT) return await Deno.readFile(path);
    throw new TooLarge(`${path} has ${size} bytes, at most ${MOST_INPUT} are put in`, {
      ...{ file: path, found: size, limit: MOST_INPUT },
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new NotFound(`there is no file ${path}`, { file: path }, error);
  }
}

/** A capture of one step, as `formats/capture.ts` reads it. */
async function write(folder: string, title: string, { captured, results }: Ran): Promise<void> {
  try {
    await Deno.mkdir(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw explained(error, folder);
    throw new UsageError(`${folder} is there already`);
  }
  const isSample = ({ kind }: Ran["captured"][number]) => kind === "sample";
  const files = { step: "step-000000.safetensors", static: "static.safetensors" };
  const layers = captured.filter((one) => !isSample(one)).map(({ of }) => of);
  const description = {
    name: basename(title, ".onnx"),
    layers,
    steps: [{ step: 0, file: files.step, seconds: results.seconds }],
    static: files.static,
  };
  const written = (samples: boolean) =>
    captured.filter((one) => isSample(one) === samples).map(({ tensor }): Written => {
      const { name, dtype, shape, source } = tensor;
      return {
        name,
        dtype,
        shape,
        bytes: source.kind === "memory" ? source.bytes : new Uint8Array(),
      };
    });
  await writeFile(join(folder, files.step), safetensorsFile(written(false)));
  await writeFile(join(folder, files.static), safetensorsFile(written(true)));
  const json = new TextEncoder().encode(`${JSON.stringify(description, null, 2)}\n`);
  await writeFile(join(folder, "capture.json"), [json]);
}
