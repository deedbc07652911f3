/** What several streams become in one operation. */
export type Merge = "sum" | "concat" | "gate" | "merge";

/** What an operation is to a network's structure. */
export interface Op {
  /** The kind of layer that it makes; undefined where it may be any. */
  readonly kind: string | undefined;
  /** Its result is its tensor, moved or spelt in another way. */
  readonly carries: boolean;
  /** It adds a tensor. */
  readonly adds: boolean;
  /** Its tensors, however large, are sizes. */
  readonly sizes: boolean;
  /** Its result says nothing of its input but how large it is. */
  readonly measures: boolean;
  /** How it joins streams; undefined where it does not. */
  readonly merges: Merge | undefined;
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/conv/, "convolution"],
  [/norm/, "norm"],
  [/attention/, "attention"],
  [/lstm|gru|rnn|recurrent|bidirectional/, "recurrent"],
  [/^(gather.*|resourcegather|embedding.*|.*embedding)$/, "embedding"],
  [/gemm|matmul|^dense|einsum|innerproduct|^linear|fullyconnected/, "linear"],
];
const carrier =
  /^(identity|const(ant)?|cast|transpose|reshape|unsqueeze|squeeze|expand|dequantize.*|quantize.*|readvariableop)$/;
const merges: readonly (readonly [RegExp, Merge])[] = [
  [/^(add|addv2|addn|sum|plus|elementwiseadd)$/, "sum"],
  [/^(concat|concatv2|concatenate|concatenation)$/, "concat"],
  [/^(mul|multiply|product)$/, "gate"],
  [/^(average|maximum|minimum|max|min|mean|subtract|dot)$/, "merge"],
];

/** Reads the names of operations as ONNX, TensorFlow and Keras have them; each name once. */
export function opReader(): (op: string) => Op {
  const known = new Map<string, Op>();
  return (op) => {
    let facts = known.get(op);
    if (!facts) known.set(op, facts = readOp(op.toLowerCase()));
    return facts;
  };
}

function readOp(whole: string): Op {
  // ONNX Runtime's operations on quantized numbers.
  const name = whole.replace(/^qlinear/, "");
  return {
    kind: kinds.find(([pattern]) => pattern.test(name))?.[1],
    carries: carrier.test(name),
    adds: /^(add|addv2|biasadd)$/.test(name),
    sizes: /^(resize|upsample)$/.test(name),
    measures: /^(shape|shapen|size|rank)$/.test(name),
    merges: merges.find(([pattern]) => pattern.test(name))?.[1],
  };
}
