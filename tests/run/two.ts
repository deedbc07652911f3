import { concat, utf8 } from "../formats/build.ts";
import { FLOAT, graphProto, node, raw, tensorProto } from "../formats/onnx_build.ts";
import { field } from "../formats/protobuf_build.ts";

/** An input or output; a side that is a word may be any. */
function valueInfo(name: string, sides: readonly (number | string)[]): Uint8Array {
  const side = (side: number | string) =>
    field(1, typeof side === "number" ? field(1, side) : field(2, side));
  const shape = concat(...sides.map(side));
  const tensor = concat(field(1, FLOAT), field(2, shape));
  return concat(field(1, name), field(2, field(1, tensor)));
}

/** A network of two inputs: out = relu(x · fc + shift), where fc [8, 6] counts up from −1 by 1/16. */
export function twoInputs(): Uint8Array<ArrayBuffer> {
  const weights = Float32Array.from({ length: 48 }, (_, i) => i / 16 - 1);
  const fc = tensorProto("fc.weight", [8, 6], FLOAT, raw(new Uint8Array(weights.buffer)));
  const nodes = [
    node("MatMul", ["x", "fc.weight"], ["product"]),
    node("Add", ["product", "shift"], ["sum"]),
    node("Relu", ["sum"], ["out"]),
  ];
  const graph = concat(
    graphProto([fc], nodes),
    field(11, valueInfo("x", ["batch", 8])),
    field(11, valueInfo("shift", [6])),
    field(12, valueInfo("out", ["batch", 6])),
  );
  return concat(field(1, 8), field(7, graph), field(8, field(2, 13)));
}

/** A vector of float32 as an .npy file. */
export function npyOf(values: readonly number[]): Uint8Array<ArrayBuffer> {
  const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length},), }`;
  const header = words.padEnd(117) + "\n"; // whole blocks of 64 bytes
  const start = concat(Uint8Array.of(0x93), utf8("NUMPY"), Uint8Array.of(1, 0, 118, 0));
  return concat(start, utf8(header), new Uint8Array(Float32Array.from(values).buffer));
}
