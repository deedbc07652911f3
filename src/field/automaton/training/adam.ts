/** Adam's usual rates of forgetting, and what keeps it from dividing by 0. */
const BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-7;

/** Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015). */
export class Adam {
  readonly #first: readonly Float64Array[];
  readonly #second: readonly Float64Array[];
  #taken = 0;

  /** `numbers` are what is learned; each step changes them. */
  constructor(private readonly numbers: readonly Float32Array[]) {
    this.#first = numbers.map(({ length }) => new Float64Array(length));
    this.#second = numbers.map(({ length }) => new Float64Array(length));
  }

  /** One step against the slopes, an array of them for each of numbers. */
  step(gradients: readonly Float32Array[], rate: number): void {
    this.#taken++;
    const size = rate * Math.sqrt(1 - BETA2 ** this.#taken) / (1 - BETA1 ** this.#taken);
    for (const [n, values] of this.numbers.entries()) {
      const first = this.#first[n]!, second = this.#second[n]!, slopes = gradients[n]!;
      for (let i = 0; i < values.length; i++) {
        const slope = slopes[i]!;
        first[i] = BETA1 * first[i]! + (1 - BETA1) * slope;
        second[i] = BETA2 * second[i]! + (1 - BETA2) * slope * slope;
        values[i]! -= size * first[i]! / (Math.sqrt(second[i]!) + EPSILON);
      }
    }
  }
}
