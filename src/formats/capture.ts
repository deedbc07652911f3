import { basename } from "node:path";
import { isOfFile } from "../errors.ts";
import { standsAlone } from "../storage/beside.ts";
import type { Source } from "../storage/source.ts";
import type { Captured, CapturedKind, Ignored, LostFile, Metadata, Step } from "./format.ts";
import type { Format, Listing, MetadataValue, Reading, TensorInfo } from "./format.ts";
import { isObject, type JsonObject, parseObject } from "./json.ts";
import { malformed, show } from "./malformed.ts";
import { readWhole } from "./read_whole.ts";
import { safetensors } from "./safetensors.ts";

/** Each step is a file that stays open. */
const MAX_STEPS = 1000;
/** Files opened at a time: far away, each is a wait. */
const AT_ONCE = 8;

/** What the first part of a tensor's name says that it is; "weight/" stands before weights. */
const kinds = new Map<string, CapturedKind>([
  ["grad", "gradient"],
  ["act", "activation"],
  ["attn", "attention"],
]);

/**
 * Moments of a training: a folder of safetensors files, one a step, of weights, their gradients and
 * what was computed from the same samples, described by a JSON file `capture.json`: `steps`, each
 * with its number `step`, its `file` and what else is known of it, `layers` in order of depth, and
 * `static`, a file of what is the same in all of them. Names of tensors begin with "weight/",
 * "grad/", "act/" or "attn/"; those of the static file are samples.
 */
export const capture: Format = {
  name: "capture",
  about: {
    title: "Captures of a training",
    files: ["capture.json"],
    reads: "weights, gradients, activations and attention by step, one safetensors file each",
    not: `more than ${MAX_STEPS} steps`,
  },

  claims: (_head, name) => basename(name) === "capture.json",
  companions: (_name, names) => names.filter((other) => other.endsWith(".safetensors")),

  async list(source, reading = {}) {
    const file = source.name;
    const { object } = parseObject(file, "capture", await readWhole(source, reading.signal));
    const entries = stepsOf(file, object["steps"]);
    const order = namesOf(file, object["layers"]);
    const failures: LostFile[] = [], ignored: Ignored[] = [];
    const files = await openAll(source, [...entries.keys(), ...staticOf(file, object)], reading);
    const lose = (name: string, detail: string) =>
      failures.push({ file: name, detail, tensors: 0 });
    const samples: Captured[] = [];
    for (const name of staticOf(file, object)) {
      const held = files.get(name)!;
      if (held instanceof Error) lose(name, held.message);
      else {samples.push(...held.map((tensor) =>
          ({ kind: "sample", of: tensor.name, tensor }) as const
        ));}
    }
    const steps: Step[] = [];
    const shapes = new Map<string, string>();
    for (const [name, facts] of entries) {
      const held = files.get(name)!;
      const odd = held instanceof Error ? held.message : oddShape(held, shapes);
      if (odd !== null) lose(name, odd);
      else steps.push(stepOf(facts, held as readonly TensorInfo[], samples, ignored));
    }
    const last = steps.at(-1);
    if (!last) throw nothing(source, files);
    return {
      tensors: last.tensors,
      metadata: metadataOf(object),
      ...{ ignored, failures },
      capture: { order, steps },
    };
  },
};

/** What is known of each step, by its file; ascending. */
function stepsOf(file: string, value: unknown): Map<string, JsonObject & { step: number }> {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_STEPS) {
    const found = Array.isArray(value) ? `${value.length} of them` : show(value);
    throw malformed(file, "steps", found, `a list of 1 to ${MAX_STEPS}`);
  }
  const entries = new Map<string, JsonObject & { step: number }>();
  const numbers = new Set<number>();
  for (const [i, entry] of value.entries()) {
    const refuse = (field: string, found: unknown, expected: string) =>
      malformed(file, `steps[${i}]${field}`, show(found), expected);
    if (!isObject(entry)) throw refuse("", entry, "an object");
    const { step, file: name } = entry;
    if (!Number.isSafeInteger(step) || Number(step) < 0 || numbers.has(Number(step))) {
      throw refuse(".step", step, "a whole number from 0, given once");
    }
    if (typeof name !== "string" || entries.has(name)) {
      throw refuse(".file", name, "the name of a file, given once");
    }
    numbers.add(Number(step));
    entries.set(name, entry as JsonObject & { step: number });
  }
  return new Map([...entries].sort(([, a], [, b]) => a.step - b.step));
}

function namesOf(file: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
  throw malformed(file, "layers", show(value), "a list of names");
}

/** Files of what is the same at all steps. */
function staticOf(file: string, object: JsonObject): string[] {
  return ["static", "augmented"].flatMap((field) => {
    const name = object[field];
    if (name === undefined || name === null) return [];
    if (typeof name === "string") return [name];
    throw malformed(file, field, show(name), "the name of a file");
  });
}

/** The tensors of each file, or why it cannot be read. */
async function openAll(
  source: Source,
  names: readonly string[],
  { beside, signal }: Reading,
): Promise<Map<string, readonly TensorInfo[] | Error>> {
  const [first] = names;
  if (!beside) throw standsAlone(source.name, first ?? "");
  const found = new Map<string, readonly TensorInfo[] | Error>();
  const queue = names.values();
  const work = async () => {
    for (const name of queue) {
      try {
        const part = await beside(name);
        const listing: Listing = await safetensors.list(part, signal ? { signal } : {});
        found.set(name, listing.tensors);
      } catch (error) {
        if (!isOfFile(error)) throw error;
        found.set(name, error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

/** A sentence where a weight has not the shape that it had in a step before; null for none. */
function oddShape(tensors: readonly TensorInfo[], shapes: Map<string, string>): string | null {
  const weights = tensors.filter(({ name }) => name.startsWith("weight/"));
  for (const { name, shape } of weights) {
    const before = shapes.get(name);
    if (before !== undefined && before !== `${shape}`) {
      return `${show(name)} is [${shape}], expected [${before}], as in the steps before`;
    }
  }
  for (const { name, shape } of weights) shapes.set(name, `${shape}`);
  return null;
}

function stepOf(
  { step, file: _, ...facts }: JsonObject & { readonly step: number },
  held: readonly TensorInfo[],
  samples: readonly Captured[],
  ignored: Ignored[],
): Step {
  const tensors: TensorInfo[] = [], captured: Captured[] = [];
  for (const tensor of held) {
    const cut = tensor.name.indexOf("/");
    const prefix = tensor.name.slice(0, Math.max(0, cut)), of = tensor.name.slice(cut + 1);
    const kind = kinds.get(prefix);
    if (kind && of !== "") captured.push({ kind, of, tensor });
    else if (prefix === "weight" && of !== "") tensors.push({ ...tensor, name: of });
    else if (of === "") ignore(tensor, "nothing follows the first part of its name");
    else ignore(tensor, `its name begins with none of weight/, ${[...kinds.keys()].join("/, ")}/`);
  }
  const weights = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const good = captured.filter(({ kind, of, tensor }) => {
    if (kind !== "gradient") return true;
    const weight = weights.get(of);
    if (`${weight?.shape}` === `${tensor.shape}`) return true;
    ignore(
      tensor,
      weight ? `${of} is [${weight.shape}], not [${tensor.shape}]` : `there is no ${of}`,
    );
    return false;
  });
  return { step, facts: metadataOf(facts), tensors, captured: [...good, ...samples] };

  function ignore({ name }: TensorInfo, reason: string): void {
    if (!ignored.some((other) => other.name === name)) ignored.push({ name, reason });
  }
}

/** The error where no step can be read: the first one's. */
function nothing(source: Source, files: Map<string, readonly TensorInfo[] | Error>): Error {
  const lost = files.values().find((held) => held instanceof Error);
  return lost ?? malformed(source.name, "steps", "none that can be read", "at least one");
}

/** Texts and numbers; lists by their first few. */
function metadataOf(object: JsonObject): Metadata {
  const value = (item: unknown): MetadataValue | undefined => {
    if (item === null || ["string", "number", "boolean"].includes(typeof item)) {
      return item as MetadataValue;
    }
    if (!Array.isArray(item)) return undefined;
    const plain = item.filter((part) => part === null || typeof part !== "object");
    return plain.length < item.length
      ? undefined
      : { count: item.length, first: plain.slice(0, 8) };
  };
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, item]) => {
      const known = key === "steps" ? undefined : value(item);
      return known === undefined ? [] : [[key, known]];
    }),
  );
}
