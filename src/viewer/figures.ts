import type { Summary } from "./api.ts";
import { bars } from "./charts.ts";
import { h } from "./dom.ts";
import * as numbers from "./numbers.ts";

/** A number, and in brackets another that belongs to it. */
export const number = (x: number | null, beside: number | null = null, name = "") =>
  x === null
    ? null
    : numbers.value(x) + (beside === null ? "" : ` (${name} ${numbers.value(beside, 2)})`);
const whole = (x: number | null, beside: number | null, name: string) =>
  x === null
    ? null
    : numbers.whole(x) + (beside === null ? "" : ` (${name} ${numbers.whole(beside)})`);
export const share = (x: number | null) => x === null ? null : `${numbers.value(100 * x, 3)} %`;

/** Names and numbers, of those that are known. */
export function table(rows: readonly (readonly [string, string | null])[]): HTMLElement {
  const known = rows.filter((row): row is [string, string] => row[1] !== null);
  return h(
    "dl",
    { class: "figures" },
    ...known.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
  );
}

/** A layer's summary, but for what is drawn. */
export const figures = (summary: Summary): HTMLElement =>
  table([
    ["values", numbers.whole(summary.count)],
    ["mean", number(summary.mean)],
    ["deviation", number(summary.variance === null ? null : Math.sqrt(summary.variance))],
    ["lowest", number(summary.min)],
    ["highest", number(summary.max)],
    ["L1 norm", number(summary.l1)],
    ["Frobenius norm", number(summary.frobenius)],
    ["spectral norm", number(summary.spectral_norm)],
    ["stable rank", number(summary.stable_rank)],
    ["effective rank", number(summary.effective_rank)],
    ["alpha", number(summary.alpha, summary.D, "D")],
    ["alpha, weighted", number(summary.alpha_weighted)],
    ["MP soft rank", number(summary.mp_softrank)],
    ["spikes", whole(summary.num_spikes, summary.num_rand_spikes, "shuffled")],
    ["distance from shuffled", number(summary.rand_distance)],
    ["zeros", share(summary.sparsity)],
    ["gradient norm", number(summary.gradient_norm)],
    ["gradient above zero", share(summary.gradient_sign_ratio)],
    ["NaN", summary.nan ? numbers.whole(summary.nan) : null],
    ["infinite", summary.inf ? numbers.whole(summary.inf) : null],
  ]);

/** Of attention, how widely each head looks, and what is left of what its second eigenvector tells. */
export function headFigures(heads: NonNullable<Summary["attention"]>): (HTMLElement | null)[] {
  const chart = (title: string, values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    if (known.length < values.length) return null;
    const [lowest, highest] = [Math.min(...known), Math.max(...known)].map((x) => numbers.value(x));
    const range = lowest === highest ? lowest : `${lowest} to ${highest}`;
    return h(
      "figure",
      {},
      h("figcaption", {}, `${title}: ${range}`),
      known.length > 1 ? bars(known, `${title} of ${known.length} heads`) : null,
    );
  };
  return [
    chart("Mean entropy of a head's rows, in nats", heads.map(({ entropy }) => entropy)),
    chart(
      "Magnitude of its second eigenvalue",
      heads.map(({ eigenvalues }) => eigenvalues?.[1] ?? null),
    ),
  ];
}
