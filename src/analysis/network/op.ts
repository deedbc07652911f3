import { BadRequest } from "../../errors.ts";
import type { Arithmetic, Numbers, Tensor } from "./tensor.ts";

/** What a node says besides its inputs, by ONNX's names. */
export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/** What an operation is done to. */
export interface Call {
  readonly attributes: Attributes;
  /** Null where an optional one was left out. */
  readonly inputs: readonly (Tensor | null)[];
  /** Outputs that are asked for, where it could be any number. */
  readonly count?: number;
}

/** That, and what came of it. */
export interface Done extends Call {
  readonly outputs: readonly Tensor[];
}

/** `count` cotangents of each output, one after the other; null where none reaches it. */
export interface Cotangents {
  readonly count: number;
  readonly of: readonly (Numbers | null)[];
}

/** An operation as ONNX defines it: https://onnx.ai/onnx/operators */
export interface Op {
  /** Throws `BadRequest` for what it cannot do. */
  forward(call: Call, arithmetic: Arithmetic): readonly Tensor[];
  /**
   * The vector-Jacobian product: cotangents of input `input`, each the sum over outputs of a cotangent
   * times ∂output/∂input. Not there where results do not change with inputs, or in jumps.
   */
  vjp?(done: Done, given: Cotangents, input: number, arithmetic: Arithmetic): Numbers;
}

/** An input that has to be there. */
export function input({ inputs }: Call, i: number): Tensor {
  const tensor = inputs[i];
  if (tensor) return tensor;
  throw new BadRequest(`input ${i} is missing: ${inputs.length} were given`, { found: i });
}

/** The cotangents of the only output that has any. */
export function only({ of }: Cotangents): Numbers {
  const [given] = of;
  if (given) return given;
  throw new BadRequest("only the first output can be differentiated");
}

/** The error for an input by which an operation is not differentiated here. */
export const constantOnly = (i: number, what: string): BadRequest =>
  new BadRequest(`${what} (input ${i}) depends on the network's input: it has to be constant`);

export function numberOf({ attributes }: Call, name: string, usual: number): number {
  const value = attributes[name] ?? usual;
  if (typeof value === "number") return value;
  throw new BadRequest(`attribute ${name} is ${JSON.stringify(value)}, expected a number`);
}

export function numbersOf({ attributes }: Call, name: string): readonly number[] | undefined {
  const value = attributes[name];
  if (value === undefined || Array.isArray(value)) return value;
  throw new BadRequest(`attribute ${name} is ${JSON.stringify(value)}, expected numbers`);
}

export const textOf = ({ attributes }: Call, name: string, usual: string): string =>
  String(attributes[name] ?? usual);
