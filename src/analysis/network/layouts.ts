import type { TensorInfo } from "../../formats/format.ts";
import type { Link, NetworkNode } from "../../model/network.ts";

/** A value of a network. */
export interface Shaped {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Operations in a row, and what comes of them. */
export interface Way {
  readonly nodes: readonly NetworkNode[];
  readonly to: string;
  /** Whether a norm is left to come after the activation function. */
  readonly norms?: readonly Module[];
}

/** Weights that belong together. */
interface Module {
  readonly kind: "product" | "convolution" | "norm";
  readonly weight: TensorInfo;
  readonly part: (name: string) => string;
}

type Attributes = NetworkNode["attributes"];

/** Epsilons that PyTorch and Keras add to variances. */
const EPSILONS = [1e-5, 1e-3];
const STRIDES = [1, 2, 3, 4];

/** Activation functions, by how usual they are. */
const functions: readonly (readonly [string, Attributes])[] = [
  ["Identity", {}],
  ["Relu", {}],
  ["Gelu", {}],
  ["Gelu", { approximate: "tanh" }],
  ["Tanh", {}],
  ["Sigmoid", {}],
  ["LeakyRelu", { alpha: 0.01 }],
  ["LeakyRelu", { alpha: 0.1 }],
  ["LeakyRelu", { alpha: 0.2 }],
  ["Elu", {}],
  ["Selu", {}],
  ["Softplus", {}],
  ["Mish", {}],
  ["HardSwish", {}],
  ["Softmax", {}],
];

const window = (side: number, stride = side, pad = 0): Attributes => ({
  ...{ kernel_shape: [side, side], strides: [stride, stride], pads: [pad, pad, pad, pad] },
});

/** Pools of pictures, by how usual they are; null for none. */
const pools: readonly (readonly [string, Attributes] | null)[] = [
  null,
  ["MaxPool", window(2)],
  ["AveragePool", window(2)],
  ["GlobalAveragePool", {}],
  ["GlobalMaxPool", {}],
  ["MaxPool", window(3, 2, 1)],
  ["MaxPool", window(3, 2)],
  ["MaxPool", window(3)],
  ["MaxPool", window(4)],
  ["AveragePool", window(3)],
  ["AveragePool", window(4)],
];

/** Adds nodes one after the other. */
class Row {
  readonly nodes: NetworkNode[] = [];

  constructor(public to: string) {}

  add(op: string, attributes: Attributes, ...weights: readonly string[]): this {
    const output = `${this.to}/${op}`;
    this.nodes.push({ op, attributes, inputs: [this.to, ...weights], outputs: [output] });
    this.to = output;
    return this;
  }
}

/** Ways in which a layer's weights may be used, before its activation function. */
export function* bodiesOf(
  link: Link,
  from: Shaped,
  expected: readonly number[],
): Generator<Way> {
  const modules = modulesOf(link.weights);
  const norms = modules.filter(({ kind }) => kind === "norm");
  const others = modules.filter(({ kind }) => kind !== "norm");
  // Pools that come before are more usual than those that come after.
  for (const isPooledAfter of [false, true]) {
    for (const pool of pools) {
      if (pool && from.shape.length !== 4) continue;
      const pooled = pool ? shapeAfter(pool, from.shape) : from.shape;
      if (pooled.includes(0)) continue;
      for (const geometry of geometriesOf(others, pooled, expected, isPooledAfter)) {
        const begin = () => {
          const row = new Row(from.name);
          return pool ? row.add(...pool) : row;
        };
        yield* arranged(begin, others, norms, pooled, geometry);
      }
    }
  }
}

/** Norms after what else there is, before it, or after the activation function. */
function* arranged(
  begin: () => Row,
  others: readonly Module[],
  norms: readonly Module[],
  shape: readonly number[],
  geometry: Attributes,
): Generator<Way> {
  const isMixed = norms.length > 0 && others.length > 0;
  for (const epsilon of norms.length > 0 ? EPSILONS : [0]) {
    const normed = (row: Row) => norms.reduce((row, norm) => addNorm(row, norm, epsilon), row);
    yield normed(addAll(begin(), others, shape, geometry));
    if (isMixed) yield addAll(normed(begin()), others, shape, geometry);
  }
  if (!isMixed) return;
  const { nodes, to } = addAll(begin(), others, shape, geometry);
  yield { nodes, to, norms };
}

/** What may follow: an activation function, then a norm that is left, then a pool. */
export function* closings(
  { to, norms = [] }: Way,
  shape: readonly number[],
  expected: readonly number[],
): Generator<Way> {
  for (const pool of pools) {
    const isAlike = `${shape}` === `${expected}`;
    if (pool ? isAlike || shape.length !== 4 : !isAlike) continue;
    if (pool && `${shapeAfter(pool, shape)}` !== `${expected}`) continue;
    for (const [op, attributes] of functions) {
      for (const epsilon of norms.length > 0 ? EPSILONS : [0]) {
        const row = new Row(to);
        // That leaves all as it is is left out.
        if (op !== "Identity") row.add(op, attributes);
        for (const norm of norms) addNorm(row, norm, epsilon);
        if (pool) row.add(...pool);
        yield row;
      }
    }
  }
}

/** Weights by the module that they belong to, in the file's order; those of norms have statistics. */
function modulesOf(weights: readonly TensorInfo[]): Module[] {
  const cut = (name: string) => name.slice(0, name.lastIndexOf(".") + 1);
  const groups = Map.groupBy(weights, ({ name }) => cut(name));
  return [...groups].flatMap(([prefix, own]): Module[] => {
    const weight = own.find(({ name }) => name === `${prefix}weight`);
    if (!weight) return [];
    const has = (name: string) => own.some((tensor) => tensor.name === prefix + name);
    const part = (name: string) => has(name) ? prefix + name : "";
    if (has("running_mean") && has("running_var")) return [{ kind: "norm", weight, part }];
    const rank = weight.shape.length;
    if (rank === 2) return [{ kind: "product", weight, part }];
    return rank === 4 ? [{ kind: "convolution", weight, part }] : [];
  });
}

/** How convolutions may go over pictures so that what is expected comes of it, pooled or not. */
function* geometriesOf(
  modules: readonly Module[],
  shape: readonly number[],
  expected: readonly number[],
  isPooledAfter: boolean,
): Generator<Attributes> {
  const convolutions = modules.filter(({ kind }) => kind === "convolution");
  const [convolution] = convolutions;
  if (!convolution) {
    const product = modules.find(({ kind }) => kind === "product");
    const features = shape.slice(1).reduce((count, side) => count * side, 1);
    const fits = !product || product.weight.shape[1] === features;
    if (fits && !isPooledAfter) yield {};
    return;
  }
  const [, inner = 1, ...kernel] = convolution.weight.shape;
  const [channels = 0, ...space] = shape.length === 4 ? shape.slice(1) : [1, ...shape.slice(1)];
  if (channels % inner > 0) return;
  const group = channels / inner;
  // Of several, each keeps the sides.
  const strides = convolutions.length > 1 ? [1] : STRIDES;
  for (const stride of strides) {
    for (let less = 0; less < Math.max(...kernel); less++) {
      const pads = kernel.map((side) => {
        const even = (side - 1) / 2;
        return Number.isInteger(even) ? (even + less) % side : less % side;
      });
      const sides = space.map((side, i) =>
        Math.floor((side + 2 * pads[i]! - kernel[i]!) / stride) + 1
      );
      const out = [expected[0]!, convolution.weight.shape[0]!, ...sides];
      const fits = isPooledAfter
        ? pools.some((pool) => pool && `${shapeAfter(pool, out)}` === `${expected}`)
        : convolutions.length > 1 || `${out}` === `${expected}`;
      if (fits) yield { group, strides: [stride, stride], pads: [...pads, ...pads] };
    }
  }
}

function addAll(
  row: Row,
  modules: readonly Module[],
  shape: readonly number[],
  geometry: Attributes,
): Row {
  let rank = shape.length;
  for (const { kind, weight, part } of modules) {
    const bias = part("bias"), weights = bias ? [weight.name, bias] : [weight.name];
    if (kind === "product") {
      if (rank > 2) row.add("Flatten", {});
      row.add("Gemm", { transB: 1 }, ...weights);
      rank = 2;
    } else {
      if (rank === 3) row.add("Reshape", { shape: [0, 1, ...shape.slice(1)] });
      row.add("Conv", geometry, ...weights);
      rank = 4;
    }
  }
  return row;
}

const addNorm = (row: Row, { weight, part }: Module, epsilon: number): Row =>
  row.add(
    "BatchNormalization",
    { epsilon },
    weight.name,
    ...["bias", "running_mean", "running_var"].map(part),
  );

/** The shape of pooled pictures; with a 0 where they are too small. */
function shapeAfter([op, attributes]: readonly [string, Attributes], shape: readonly number[]) {
  const [n = 0, channels = 0, ...space] = shape;
  if (op.startsWith("Global")) return [n, channels, ...space.map(() => 1)];
  const of = (name: string) => attributes[name] as readonly number[];
  const [kernel, strides, pads] = [of("kernel_shape"), of("strides"), of("pads")];
  const sides = space.map((side, i) =>
    Math.max(0, Math.floor((side + 2 * pads[i]! - kernel[i]!) / strides[i]!) + 1)
  );
  return [n, channels, ...sides];
}
