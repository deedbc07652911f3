import { BadRequest, NotFound, TooLarge } from "../../errors.ts";
import type { NetworkNode } from "../../model/network.ts";
import type { Done } from "./op.ts";
import { ops } from "./table.ts";
import { type Arithmetic, held, type Numbers, sizeOf, type Tensor } from "./tensor.ts";

/** What was computed from one value of a network to another, with all that its derivative needs. */
export interface Trace {
  /** Operations on the way, in the order in which they were done. */
  readonly done: readonly (Done & { readonly node: NetworkNode })[];
  readonly from: string;
  readonly to: string;
  /** What it began with, and what came of it. */
  readonly start: Tensor;
  readonly result: Tensor;
}

/** What else there is to know of a computation. */
export interface Means {
  readonly arithmetic: Arithmetic;
  /** Throws when the work is no longer wanted. */
  readonly cancelled: () => void;
}

/**
 * Computes the value `to`, and keeps what changes with `from`. `known` answers constants and inputs by
 * name; undefined for others. Throws `NotFound` for operations that are not there, naming those that are,
 * `BadRequest` where nothing leads from the one to the other, and `TooLarge`.
 */
export function trace(
  nodes: readonly NetworkNode[],
  known: (name: string) => Tensor | undefined,
  { from, to }: { readonly from: string; readonly to: string },
  { arithmetic, cancelled }: Means,
): Trace {
  const values = new Map<string, Tensor>(), active = new Set([from]);
  const valueOf = (name: string): Tensor => {
    const value = values.get(name) ?? known(name);
    if (!value) throw new NotFound(`nothing computes "${name}"`, { found: name });
    values.set(name, value);
    return value;
  };
  const done: (Done & { readonly node: NetworkNode })[] = [];
  const needed = neededFor(to, nodes);
  // Before anything is computed, so that nothing is in vain.
  for (const { op } of needed) opOf(op);
  let total = 0;
  for (const node of needed) {
    cancelled();
    const inputs = node.inputs.map((name) => name === "" ? null : valueOf(name));
    const call = { attributes: node.attributes, inputs, count: node.outputs.length };
    const outputs = at(node, () => opOf(node.op).forward(call, arithmetic));
    for (const [i, output] of outputs.entries()) {
      const name = node.outputs[i];
      total += output.values.length;
      if (name) values.set(name, output);
    }
    at(node, () => held(total));
    const isActive = node.inputs.some((name) => active.has(name)) && opOf(node.op).vjp;
    if (!isActive) continue;
    for (const name of named(node.outputs)) active.add(name);
    done.push({ ...call, node, outputs });
  }
  if (!active.has(to)) {
    throw new BadRequest(`"${to}" does not change with "${from}"`, { found: to, expected: from });
  }
  return { done, from, to, start: valueOf(from), result: valueOf(to) };
}

/** Cotangents of the value that a trace begins with, `count` of them one after the other: Jᵀu. */
export function pullBack(
  { done, from, to, start }: Trace,
  cotangents: Numbers,
  count: number,
  { arithmetic, cancelled }: Means,
): Numbers {
  const reached = new Map<string, Numbers>([[to, cotangents]]);
  const wanted = new Set([from, ...done.flatMap(({ node }) => named(node.outputs))]);
  for (const step of done.toReversed()) {
    cancelled();
    const { node } = step, of = node.outputs.map((name) => reached.get(name) ?? null);
    if (of.every((given) => given === null)) continue;
    for (const name of node.outputs) reached.delete(name);
    for (const [i, name] of node.inputs.entries()) {
      if (!wanted.has(name)) continue;
      const own = at(node, () => opOf(node.op).vjp!(step, { count, of }, i, arithmetic));
      const before = reached.get(name);
      reached.set(name, before ? sum(before, own, arithmetic) : own);
    }
  }
  return reached.get(from) ?? arithmetic.zeros(count * start.values.length);
}

function sum(a: Numbers, b: Numbers, { zeros }: Arithmetic): Numbers {
  const out = zeros(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!;
  return out;
}

/** Without those that are left out. */
const named = (names: readonly string[]): readonly string[] => names.filter((name) => name !== "");

/** Names that a value takes and no operation computes. */
export function takenFor(value: string, nodes: readonly NetworkNode[]): readonly string[] {
  const needed = neededFor(value, nodes);
  const computed = new Set(needed.flatMap(({ outputs }) => outputs));
  const taken = new Set(needed.flatMap(({ inputs }) => inputs));
  return named([...taken]).filter((name) => !computed.has(name));
}

/** The nodes that a value takes, in their order. */
function neededFor(value: string, nodes: readonly NetworkNode[]): readonly NetworkNode[] {
  const names = new Set([value]);
  const needed = nodes.toReversed().filter(({ inputs, outputs }) => {
    const isNeeded = outputs.some((name) => names.has(name));
    if (isNeeded) { for (const name of named(inputs)) names.add(name); }
    return isNeeded;
  });
  return needed.reverse();
}

function opOf(name: string) {
  const op = ops.get(name);
  if (op) return op;
  const known = [...ops.keys()].sort();
  throw new NotFound(
    `there is no derivative of the operation ${name}: there are those of ${known.join(", ")}`,
    { found: name, allowed: known },
  );
}

/** Says of which node it is that something cannot be done. */
function at<Value>({ op, outputs }: NetworkNode, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BadRequest || error instanceof TooLarge)) throw error;
    const Kind = error instanceof BadRequest ? BadRequest : TooLarge;
    throw new Kind(`${op} "${outputs[0]}": ${error.message}`, error.details, error);
  }
}

/** Elements of all values on the way. */
export const elementsOf = ({ done }: Trace): number =>
  done.reduce(
    (total, { outputs }) => total + outputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    0,
  );
