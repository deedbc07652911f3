import { bulkOf } from "./marchenko_pastur.ts";
import { fitPowerLaw } from "./power_law.ts";
import { jensenShannon } from "./shuffled.ts";

/**
 * The empirical spectral density of a layer, by WeightWatcher's names: of the eigenvalues λ = σ² of WᵀW, not
 * divided by the number of rows; logarithms are decimal. W is the view [first axis, all others]: WeightWatcher
 * takes a convolution's kernel positions apart instead. Null where something is not defined, or the full
 * spectrum was not computed.
 */
export interface SpectralDensity {
  /** log ‖W‖²_F. */
  readonly log_norm: number | null;
  /** log λ_max. */
  readonly log_spectral_norm: number | null;
  /** Exponent of the power law of the eigenvalues above 1e-5, of which there are ten or more. */
  readonly alpha: number | null;
  /** Kolmogorov–Smirnov distance of the fit. */
  readonly D: number | null;
  /** Where the power law begins, and how many eigenvalues it is of. */
  readonly xmin: number | null;
  readonly num_pl_spikes: number | null;
  /** Standard error of alpha. */
  readonly sigma: number | null;
  /** alpha · log λ_max. */
  readonly alpha_weighted: number | null;
  /** log Σ λ^alpha. */
  readonly log_alpha_norm: number | null;
  /**
   * Standard deviation of the random matrix whose Marchenko–Pastur law the bulk follows. WeightWatcher fits a
   * smoothed density; here it is the mean of the eigenvalues that are not spikes.
   */
  readonly sigma_mp: number | null;
  /** Where that bulk begins and ends, and the eigenvalues above it. */
  readonly bulk_min: number | null;
  readonly bulk_max: number | null;
  readonly num_spikes: number | null;
  /** bulk_max / λ_max. */
  readonly mp_softrank: number | null;
  /** Jensen–Shannon distance between the eigenvalues and those of the same numbers shuffled… */
  readonly rand_distance: number | null;
  /** …whose largest is this, that many of them above their own bulk. */
  readonly max_rand_eval: number | null;
  readonly num_rand_spikes: number | null;
}

const THRESHOLD = 1e-5;
const FEWEST = 10;

/** `full` and `shuffled`: all singular values, largest first, of an N × M matrix and of its numbers shuffled. */
export function spectralDensity(
  squares: number,
  largest: number | null,
  full: Float64Array | null,
  shuffled: Float64Array | null,
  [n, m]: readonly [number, number],
): SpectralDensity {
  const lambda = full?.map((sigma) => sigma * sigma) ?? null;
  const random = shuffled?.map((sigma) => sigma * sigma) ?? null;
  const most = largest === null ? null : largest ** 2;
  const [long, short] = n < m ? [m, n] : [n, m];
  const tail = lambda?.filter((each) => each > THRESHOLD) ?? new Float64Array();
  const law = tail.length >= FEWEST ? fitPowerLaw(tail) : null;
  const bulk = lambda && bulkOf(lambda, long, short);
  const powers = law && tail.reduce((sum, each) => sum + each ** law.alpha, 0);
  return {
    log_norm: log10(squares),
    log_spectral_norm: log10(most),
    alpha: number(law?.alpha),
    D: number(law?.distance),
    xmin: number(law?.xmin),
    num_pl_spikes: law?.tail ?? null,
    sigma: number(law?.error),
    alpha_weighted: law && most ? number(law.alpha * Math.log10(most)) : null,
    log_alpha_norm: log10(powers),
    sigma_mp: number(bulk?.sigma),
    bulk_min: number(bulk?.lower),
    bulk_max: number(bulk?.upper),
    num_spikes: bulk?.spikes ?? null,
    mp_softrank: bulk && most ? number(bulk.upper / most) : null,
    rand_distance: lambda && random && jensenShannon(lambda, random),
    max_rand_eval: number(random?.[0]),
    num_rand_spikes: (random && bulkOf(random, long, short)?.spikes) ?? null,
  };
}

const number = (x: number | undefined): number | null =>
  x !== undefined && Number.isFinite(x) ? x : null;

const log10 = (x: number | null): number | null =>
  x !== null && x > 0 ? number(Math.log10(x)) : null;
