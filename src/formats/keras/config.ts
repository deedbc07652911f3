import type { Graph, GraphNode } from "../format.ts";
import { isObject, type JsonObject } from "../json.ts";

/** Models within models, and lists within lists of what a layer is called with. */
const MAX_DEPTH = 16;
/** Calls and what they take: a model within a model is written out each time that it is called. */
const MAX_STEPS = 1_000_000;

/** What a model or a layer that is called gives: names of nodes. */
type Outputs = readonly string[];

/**
 * The `tensor`-th result of the `call`-th call of a layer of the same model; where that is beyond
 * the last one, the last: TF.js counts how a model within was made as its first call.
 */
interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

/** A layer's entry in a model's config. */
interface Entry {
  readonly name: string;
  readonly op: string;
  readonly entry: JsonObject;
  /** What each call takes. */
  readonly calls: readonly (readonly Reference[])[];
}

/**
 * The graph of a Keras model's config: `{class_name, config}` of a Sequential or functional model,
 * as `Model.to_json`, `model_config` of an HDF5 file, `config.json` of a `.keras` archive and
 * TF.js's `modelTopology` hold it, in the spelling of Keras 1, 2 or 3. Undefined for anything else.
 *
 * Nodes are named by their layer; within a model used as a layer "outer/inner"; from a layer's
 * second call on "layer (2)". `tensors` gives each layer's tensors by that path, or by the layer's
 * bare name where the path is not there.
 */
export function graphOfConfig(
  config: unknown,
  tensors: ReadonlyMap<string, readonly string[]>,
): Graph | undefined {
  const whole = isObject(config) && isObject(config["model_config"])
    ? config["model_config"]
    : config;
  if (!isObject(whole) || !layersOf(whole)) return undefined;
  const writer = new Writer(tensors);
  return writer.model(whole, "", "", [], 0) && { nodes: writer.nodes };
}

/** The entries of a model's layers; undefined for a layer that is no model. */
function layersOf({ config }: JsonObject): readonly unknown[] | undefined {
  if (Array.isArray(config)) return config;
  const layers = isObject(config) ? config["layers"] : undefined;
  return Array.isArray(layers) ? layers : undefined;
}

/** A call of a layer, and whether it has its place in the order yet. */
interface Call {
  readonly entry: Entry;
  readonly call: number;
  state: "new" | "open" | "done";
}

/** A model's calls in order, the place of each input among them, and what the model gives. */
interface Plan {
  readonly order: readonly Call[];
  readonly starts: ReadonlyMap<string, number>;
  readonly ends: readonly Reference[];
}

class Writer {
  readonly nodes: GraphNode[] = [];
  readonly #tensors: ReadonlyMap<string, readonly string[]>;
  readonly #plans = new Map<JsonObject, Plan | undefined>();
  #steps = 0;

  constructor(tensors: ReadonlyMap<string, readonly string[]>) {
    this.#tensors = tensors;
  }

  /** Writes a model's nodes for one call; undefined where the config does not make sense. */
  model(
    model: JsonObject,
    path: string,
    suffix: string,
    inputs: Outputs,
    depth: number,
  ): Outputs | undefined {
    const plan = this.#plan(model);
    if (!plan || depth > MAX_DEPTH) return undefined;
    const { order, starts, ends } = plan;
    const made = new Map<string, Outputs[]>();
    const resolve = (from: readonly Reference[]) =>
      unique(from.flatMap(({ layer, call, tensor }) => {
        const calls = made.get(layer);
        const outputs = calls?.[call] ?? calls?.at(-1) ?? [];
        // A layer stands for all its results; of a model each has a node.
        return outputs[tensor] ?? outputs[0] ?? [];
      }));
    for (const { entry, call } of order) {
      const { name, calls } = entry;
      this.#steps += 1 + calls[call]!.length;
      if (this.#steps > MAX_STEPS) return undefined;
      const start = starts.get(name);
      const takes = start === undefined ? resolve(calls[call]!) : inputs.slice(start, start + 1);
      const outputs = this.#layer(entry, path, again(suffix, call), takes, depth);
      if (!outputs) return undefined;
      if (call === 0) made.set(name, []);
      made.get(name)!.push(outputs);
    }
    this.#steps += ends.length;
    return resolve(ends);
  }

  #plan(model: JsonObject): Plan | undefined {
    if (!this.#plans.has(model)) this.#plans.set(model, planOf(model));
    return this.#plans.get(model);
  }

  #layer(
    { name, op, entry }: Entry,
    path: string,
    suffix: string,
    inputs: Outputs,
    depth: number,
  ): Outputs | undefined {
    const whole = path + name;
    if (layersOf(entry)) return this.model(entry, `${whole}/`, suffix, inputs, depth + 1);
    const tensors = this.#tensors.get(whole) ?? this.#tensors.get(name) ?? [];
    this.nodes.push({ name: whole + suffix, op, inputs, tensors });
    return [whole + suffix];
  }
}

const again = (suffix: string, call: number) => call === 0 ? suffix : `${suffix} (${call + 1})`;

const unique = (names: readonly string[]) => [...new Set(names)];

/** Undefined where a layer has no class, two have the same name, or they call in a circle. */
function planOf(model: JsonObject): Plan | undefined {
  const { class_name: op, config } = model;
  const sequential = op === "Sequential" || !isObject(config);
  const entries: Entry[] = [];
  for (const layer of layersOf(model)!) {
    const before = entries.at(-1);
    const chain = before ? [{ layer: before.name, call: 0, tensor: 0 }] : [];
    const entry = entryOf(layer, entries.length, sequential ? chain : undefined);
    if (!entry) return undefined;
    entries.push(entry);
  }
  const names = new Set(entries.map(({ name }) => name));
  const order = inOrder(entries);
  if (!order || names.size < entries.length) return undefined;
  const [first, last] = [entries.at(0), entries.at(-1)];
  if (sequential) {
    const ends = last ? [{ layer: last.name, call: 0, tensor: 0 }] : [];
    return { order, starts: new Map(first && [[first.name, 0]]), ends };
  }
  const starts = references(config["input_layers"]).map(({ layer }, i) => [layer, i] as const);
  return { order, starts: new Map(starts), ends: references(config["output_layers"]) };
}

/** One layer; of a sequential model what it takes is known. */
function entryOf(
  entry: unknown,
  place: number,
  takes: readonly Reference[] | undefined,
): Entry | undefined {
  if (!isObject(entry)) return undefined;
  const { class_name: op, config, inbound_nodes: inbound } = entry;
  // Keras 1 leaves out the names of models in a sequential one.
  const name = entry["name"] ?? (isObject(config) ? config["name"] : undefined) ?? `layer_${place}`;
  if (typeof op !== "string" || typeof name !== "string") return undefined;
  if (takes) return { name, op, entry, calls: [takes] };
  const calls = Array.isArray(inbound) ? inbound.map((call) => references(call)) : [];
  return { name, op, entry, calls: calls.length > 0 ? calls : [[]] };
}

/**
 * All references in a value, at any depth: `["layer", call, tensor, {arguments by name}]` in Keras
 * 1 and 2, `{class_name: "__keras_tensor__", config: {keras_history}}` in Keras 3.
 */
function references(value: unknown, depth = 0): Reference[] {
  if (depth > MAX_DEPTH) return [];
  if (isObject(value)) return Object.values(value).flatMap((item) => references(item, depth + 1));
  if (!Array.isArray(value)) return [];
  const [layer, call, tensor, ...rest] = value as unknown[];
  if (typeof layer === "string" && typeof call === "number" && typeof tensor === "number") {
    return [{ layer, call, tensor }, ...references(rest, depth + 1)];
  }
  return value.flatMap((item) => references(item, depth + 1));
}

/** Calls in an order in which they can run, the config's where it is one; undefined for a circle. */
function inOrder(entries: readonly Entry[]): Call[] | undefined {
  const calls = new Map(entries.map((entry): [string, Call[]] => [
    entry.name,
    entry.calls.map((_, call) => ({ entry, call, state: "new" })),
  ]));
  const done: Call[] = [];
  const stack = [...calls.values()].flat().reverse();
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const { entry, call } = top;
    if (top.state === "new") {
      top.state = "open";
      // A layer's calls are made one after the other.
      const before = call > 0 ? [{ layer: entry.name, call: call - 1 }] : [];
      for (const need of [...entry.calls[call]!, ...before].reverse()) {
        const others = calls.get(need.layer);
        const other = others?.[need.call] ?? others?.at(-1);
        if (other?.state === "open") return undefined;
        if (other?.state === "new") stack.push(other);
      }
    } else {
      stack.pop();
      if (top.state === "open") done.push(top);
      top.state = "done";
    }
  }
  return done;
}
