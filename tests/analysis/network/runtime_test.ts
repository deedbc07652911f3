import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Attributes } from "../../../src/analysis/network/op.ts";
import { ops } from "../../../src/analysis/network/table.ts";
import { runInProcess } from "../../../src/run/process.ts";
import { concat, utf8 } from "../../formats/build.ts";
import { FLOAT, node, raw, tensorProto } from "../../formats/onnx_build.ts";
import { field, tag } from "../../formats/protobuf_build.ts";
import { withRuntime } from "../../run/runtime.ts";
import { type Case, cases, inputsOf, randomly } from "./cases.ts";
import { double } from "./double.ts";

const NEWEST = 20, INT64 = 7, BOOL = 9;
/** Attributes that ONNX has as fractions though they may be whole. */
const fractions = ["alpha", "beta", "gamma", "epsilon", "min", "max", "value"];

/** AttributeProtos. */
const attributesOf = (attributes: Attributes): Uint8Array[] =>
  Object.entries(attributes).filter(([name]) => name !== "flattens").map(([name, value]) => {
    const own = typeof value === "string"
      ? [field(4, utf8(value)), field(20, 3)]
      : typeof value !== "number"
      ? [...value.map((x) => field(8, x)), field(20, 7)]
      : fractions.includes(name)
      ? [tag(2, 5), new Uint8Array(Float32Array.of(value).buffer), field(20, 1)]
      : [field(3, value), field(20, 2)];
    return field(5, concat(field(1, name), ...own));
  });

/** A ValueInfoProto of float32. */
const output = (name: string) =>
  field(12, concat(field(1, name), field(2, field(1, field(1, FLOAT)))));

/** One operation of a network, and what it is computed from: stored tensors. */
function built(
  [op, { attributes = {}, fixed = {}, ...given }]: readonly [string, Case],
  i: number,
) {
  const inputs = inputsOf({ ...given, fixed }, randomly(i + 1));
  const names = inputs.map((_, j) => `${i}.in${j}`);
  const results = Array.from({ length: given.outputs ?? 1 }, (_, j) => `${i}.out${j}`);
  const tensors = inputs.map(({ shape, values }, j) => {
    // What is no random number counts or names axes, but for the ends of a range, exponents and conditions.
    const type = !fixed[j] || ["Clip", "Pow"].includes(op) ? FLOAT : op === "Where" ? BOOL : INT64;
    const bytes = type === FLOAT
      ? new Float32Array(values)
      : type === BOOL
      ? new Uint8Array(values)
      : BigInt64Array.from(values, BigInt);
    return field(5, tensorProto(names[j]!, shape, type, raw(new Uint8Array(bytes.buffer))));
  });
  const nodes = [field(1, node(op, names, results, ...attributesOf(attributes)))];
  return { op, attributes, inputs, results, parts: [...nodes, ...tensors, ...results.map(output)] };
}

for (const opset of [9, 11, NEWEST]) {
  withRuntime(`operations compute what onnxruntime does by version ${opset} of ONNX`, async () => {
    const chosen = Object.entries(cases).flatMap(([op, of]) =>
      of.filter((one) => (one.opset ?? NEWEST) === opset).map((one) => [op, one] as const)
    );
    assert(chosen.length > 0);
    const all = chosen.map(built);
    const graph = concat(field(2, "g"), ...all.flatMap(({ parts }) => parts));
    const file = concat(field(1, 8), field(7, graph), field(8, field(2, opset)));
    const outputs = all.flatMap(({ results }) => results);
    const head = { files: [], inputs: [], outputs, time: 20_000, bytes: 1 << 20 };
    const found = await runInProcess("operations", { head, blobs: [file] });
    for (const { op, attributes, inputs, results } of all) {
      const call = { attributes, inputs, count: results.length };
      for (const [j, own] of ops.get(op)!.forward(call, double).entries()) {
        const other = found.outputs.find(({ name }) => name === results[j])!;
        const what = `${op} ${JSON.stringify(attributes)} of ${
          inputs.map(({ shape }) => `[${shape}]`)
        }`;
        assertEquals(own.shape, other.shape, what);
        const values = new Float32Array(other.bytes.slice().buffer);
        for (const [at, value] of own.values.entries()) {
          assertAlmostEquals(value, values[at]!, 3e-6 * (1 + Math.abs(value)), `${what}, ${at}`);
        }
      }
    }
  });
}
