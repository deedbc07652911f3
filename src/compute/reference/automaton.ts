import type { CellRule, Neighboured } from "../ops.ts";
import { tanh } from "./tanh.ts";

const { fround } = Math;

const nonlinearities: Record<CellRule["nonlinearity"], (y: number) => number> = {
  none: (y) => y,
  tanh,
  relu: (y) => y < 0 ? 0 : y,
};

/** What becomes of a cell x whose sum with all its neighbours is `box`, each operation rounded. */
export function stepper(
  rule: CellRule,
  neighbours: number,
): (x: number, box: number, weight: number, gradient: number | null) => number {
  const [alpha, beta, gamma] = [rule.alpha, rule.beta, rule.gamma].map(fround) as [
    number,
    number,
    number,
  ];
  const share = fround(1 / neighbours), bend = nonlinearities[rule.nonlinearity];
  return (x, box, weight, gradient) => {
    const delta = fround(fround(fround(box - x) * share) - x);
    let moved = fround(x + fround(alpha * delta));
    if (gradient !== null) moved = fround(moved + fround(gamma * gradient));
    return bend(fround(moved * fround(1 + fround(beta * weight))));
  };
}

/** Where in a row of an array the column x is, which may be one of those beyond its ends; −1 if nowhere. */
export function columnOf({ width, ends }: Neighboured, x: number): number {
  if (!ends) return x + 1;
  if (x >= 0 && x < width) return x;
  if (ends === "zero") return -1;
  return (x < 0) === (ends === "clamp") ? 0 : width - 1;
}

/** a + b + c, from the left. */
export const sum3 = (a: number, b: number, c: number): number => fround(fround(a + b) + c);
