import { type Call, input, numberOf, only, type Op, textOf } from "../op.ts";
import { BadRequest } from "../../../errors.ts";

/** A function of one number and its derivative by it; at jumps of that, the one from below or none. */
interface Curve {
  readonly at: (x: number) => number;
  readonly slope: (x: number) => number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** 2/√π·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n+1)!! (M. Abramowitz, I. A. Stegun, 7.1.6). */
export function erf(x: number): number {
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

const bell = (x: number) => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

const tanhGelu: Curve = {
  at: (x) => x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  slope(x) {
    const c = Math.sqrt(2 / Math.PI), t = Math.tanh(c * (x + 0.044715 * x ** 3));
    return (1 + t) / 2 + x / 2 * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x);
  },
};
const gelu: Curve = {
  at: (x) => x / 2 * (1 + erf(x / Math.SQRT2)),
  slope: (x) => (1 + erf(x / Math.SQRT2)) / 2 + x * bell(x),
};

/** x below 0, α·x or α·(eˣ − 1) and the like there, times γ. */
const elu = (alpha: number, gamma = 1): Curve => ({
  at: (x) => gamma * (x > 0 ? x : alpha * Math.expm1(x)),
  slope: (x) => gamma * (x > 0 ? 1 : alpha * Math.exp(x)),
});

const hardSigmoid = (alpha: number, beta: number): Curve => ({
  at: (x) => Math.max(0, Math.min(1, alpha * x + beta)),
  slope: (x) => alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0,
});

const curves: Readonly<Record<string, Curve | ((call: Call) => Curve)>> = {
  Relu: { at: (x) => x > 0 || x !== x ? x : 0, slope: (x) => x > 0 ? 1 : 0 },
  LeakyRelu(call) {
    const alpha = numberOf(call, "alpha", 0.01);
    return { at: (x) => x < 0 ? alpha * x : x, slope: (x) => x < 0 ? alpha : 1 };
  },
  Elu: (call) => elu(numberOf(call, "alpha", 1)),
  Selu: (call) =>
    elu(
      numberOf(call, "alpha", 1.67326319217681884765625),
      numberOf(call, "gamma", 1.0507009873554804934193349852946),
    ),
  Sigmoid: { at: sigmoid, slope: (x) => sigmoid(x) * sigmoid(-x) },
  HardSigmoid: (call) => hardSigmoid(numberOf(call, "alpha", 0.2), numberOf(call, "beta", 0.5)),
  HardSwish() {
    const { at, slope } = hardSigmoid(1 / 6, 0.5);
    return { at: (x) => x * at(x), slope: (x) => at(x) + x * slope(x) };
  },
  Tanh: { at: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
  Erf: { at: erf, slope: (x) => 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) },
  Gelu: (call) => textOf(call, "approximate", "none") === "tanh" ? tanhGelu : gelu,
  Softplus: { at: softplus, slope: sigmoid },
  Softsign: { at: (x) => x / (1 + Math.abs(x)), slope: (x) => (1 + Math.abs(x)) ** -2 },
  Mish: {
    at: (x) => x * Math.tanh(softplus(x)),
    slope(x) {
      const t = Math.tanh(softplus(x));
      return t + x * (1 - t * t) * sigmoid(x);
    },
  },
  Exp: { at: Math.exp, slope: Math.exp },
  Log: { at: Math.log, slope: (x) => 1 / x },
  Sqrt: { at: Math.sqrt, slope: (x) => 0.5 / Math.sqrt(x) },
  Reciprocal: { at: (x) => 1 / x, slope: (x) => -1 / (x * x) },
  Neg: { at: (x) => -x, slope: () => -1 },
  Abs: { at: Math.abs, slope: Math.sign },
  Sin: { at: Math.sin, slope: Math.cos },
  Cos: { at: Math.cos, slope: (x) => -Math.sin(x) },
  Clip(call) {
    const end = (i: number, name: string, usual: number) =>
      call.inputs[i]?.values[0] ?? numberOf(call, name, usual);
    const low = end(1, "min", -Infinity), high = end(2, "max", Infinity);
    return {
      at: (x) => Math.min(high, Math.max(low, x)),
      slope: (x) => x > low && x < high ? 1 : 0,
    };
  },
};

/** What is done to each element by itself. */
const elementwise = (curve: Curve | ((call: Call) => Curve)): Op => {
  const curveOf = (call: Call) => typeof curve === "function" ? curve(call) : curve;
  return {
    forward(call, { zeros }) {
      const { shape, values } = input(call, 0), { at } = curveOf(call);
      const out = zeros(values.length);
      for (let i = 0; i < out.length; i++) out[i] = at(values[i]!);
      return [{ shape, values: out }];
    },
    vjp(done, given, which, { zeros }) {
      if (which !== 0) throw new BadRequest("the ends of a range have to be constant");
      const { values } = input(done, 0), { slope } = curveOf(done), from = only(given);
      const slopes = zeros(values.length), out = zeros(from.length);
      for (let i = 0; i < slopes.length; i++) slopes[i] = slope(values[i]!);
      for (let k = 0; k < out.length; k += slopes.length) {
        for (let i = 0; i < slopes.length; i++) out[k + i] = from[k + i]! * slopes[i]!;
      }
      return out;
    },
  };
};

export const elementwiseOps: Readonly<Record<string, Op>> = Object.fromEntries(
  Object.entries(curves).map(([name, curve]) => [name, elementwise(curve)]),
);
