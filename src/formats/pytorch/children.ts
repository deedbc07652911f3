import type { MetadataValue } from "../format.ts";
import { meaning } from "./classes.ts";
import { Dict, Global, Instance, type Value } from "./values.ts";

export type Container = Value[] | Dict | Instance;

export const isContainer = (value: Value): value is Container =>
  Array.isArray(value) || value instanceof Dict || value instanceof Instance;

/** What a container holds, by key, index or attribute; under no name what a thing merely wraps. */
export function* childrenOf(node: Container): Generator<readonly [string, Value]> {
  if (node instanceof Dict) return yield* entries(node);
  if (Array.isArray(node)) return yield* indexed(node);
  yield* indexed(node.args);
  yield* indexed(node.items);
  yield* entries(node.dict);
  for (const [name, value] of attributes(node.state)) {
    if (isModule(node) && value instanceof Dict && parts.has(name)) yield* entries(value);
    else yield [name, value];
  }
}

/** Attributes of a module that hold what its `state_dict` lists, under the names of that. */
const parts: ReadonlySet<string> = new Set(["_parameters", "_buffers", "_modules"]);

/** Whether an object has the attributes of `torch.nn.Module`. */
function isModule({ state }: Instance): boolean {
  return state instanceof Dict && parts.values().every((name) => state.get(name) instanceof Dict);
}

/** Whether plain values in it say how it works rather than what it holds. */
export const isSilent = (node: Container): boolean =>
  node instanceof Instance &&
  (isModule(node) || isScripted(node.type) || meaning(node.type) !== undefined);

/** Whether a class is TorchScript's form of one. */
const isScripted = ({ module }: Global) => module.split(".", 1)[0] === "__torch__";

/** Why a container holds numbers that cannot be drawn. */
export const opaque = (node: Container): string | undefined =>
  node instanceof Instance && /^numpy\..*\._(reconstruct|frombuffer)$/.test(node.type.name)
    ? "it is a NumPy array inside the pickle"
    : undefined;

/** An object's state: a dict, that and one of slots, or whatever its class makes of it. */
function* attributes(state: Value): Generator<readonly [string, Value]> {
  const dicts = Array.isArray(state) && state.length === 2 ? state : [state];
  if (dicts.every((part) => part instanceof Dict || part === null)) {
    for (const part of dicts) if (part) yield* entries(part);
  } else yield ["", state];
}

function* entries(dict: Dict): Generator<readonly [string, Value]> {
  let index = 0;
  for (const [key, value] of dict.entries()) yield [keyOf(key, index++), value];
}

function* indexed(items: readonly Value[]): Generator<readonly [string, Value]> {
  for (let i = 0; i < items.length; i++) yield [String(i), items[i]!];
}

/** What stands for a key in a name, as Python prints it; for an object as a key, its index. */
function keyOf(key: Value, index: number): string {
  if (key === null) return "None";
  if (typeof key === "boolean") return key ? "True" : "False";
  if (key instanceof Global) return key.name;
  return typeof key === "object" ? `#${index}` : String(key);
}

type Plain = string | number | boolean | null;

/** Values that metadata has; a number that JSON has not is a text. */
export function plain(value: Value): Plain | undefined {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  return typeof value === "object" && value !== null ? undefined : value;
}

/** Items that metadata shows of a list. */
const FIRST = 8;

/** A list of nothing but plain values, for the metadata. */
export function plainList(node: Container): MetadataValue | undefined {
  if (!Array.isArray(node) || node.length === 0) return undefined;
  if (node.some((item) => plain(item) === undefined)) return undefined;
  return { count: node.length, first: node.slice(0, FIRST).map((item) => plain(item)!) };
}
