/**
 * All singular values of float32 matrices, and the eigenvalues and eigenvectors of their Gram matrices, in one
 * thread; beside them numpy (`spectrum.py`) with one thread and with two, where python3 has it:
 *
 *     deno run -A bench/spectrum_bench.ts [SIDE…]
 *
 * Sides are 1024 and 2048 unless given. The i-th singular value is i^−¾, so that the last are 1e-3 of the first;
 * errors are relative to each value, of the numbers as float32 has rounded them. Best of three.
 */
import {
  symmetricEigen,
  tridiagonalEigenvalues,
  tridiagonalize,
} from "../src/analysis/eigenvalues.ts";
import { spectrum } from "../src/analysis/spectrum.ts";
import { wasm as ops } from "../src/compute/wasm.ts";
import { known } from "../tests/analysis/matrices.ts";
import { hasNumpy } from "./peers.ts";

interface Figure {
  readonly side: number;
  readonly what: string;
  readonly seconds: number;
  /** The largest relative error of a value against numpy's in float64. */
  readonly error: number | null;
}

type Found = Omit<Figure, "side" | "error"> & { readonly values: ArrayLike<number> };

async function timed(
  what: string,
  rounds: number,
  work: () => ArrayLike<number> | Promise<ArrayLike<number>>,
): Promise<Found> {
  let seconds = Infinity, values: ArrayLike<number> = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    values = await work();
    seconds = Math.min(seconds, (performance.now() - began) / 1000);
  }
  return { what, seconds, values };
}

function gramOf(a: Float32Array, side: number): Float64Array {
  const out = new Float64Array(side * side);
  ops.frame(() => ops.gram({ values: a, start: 0, pitch: side }, side, side, "rows", out));
  return out;
}

async function own(a: Float32Array, side: number): Promise<Found[]> {
  const matrix = {
    rows: side,
    columns: side,
    read: (from: number, n: number) => a.subarray(from, from + n),
  };
  const gram = gramOf(a, side), roots = (values: Float64Array) => values.map((x) => Math.sqrt(x));
  return [
    await timed("all singular values", 3, () => spectrum(matrix, ops)),
    await timed("eigenvalues of the Gram matrix", 3, () => {
      const { values } = tridiagonalEigenvalues(tridiagonalize(gram.slice(), side, { ops }));
      return roots(values);
    }),
    await timed(
      "eigenvectors of the Gram matrix",
      1,
      () => roots(symmetricEigen(gram, side, { ops }).values),
    ),
  ];
}

async function peers(a: Float32Array<ArrayBuffer>, side: number): Promise<Found[]> {
  const file = await Deno.makeTempFile(), found: Found[] = [];
  const script = new URL("./spectrum.py", import.meta.url).pathname;
  try {
    await Deno.writeFile(file, new Uint8Array(a.buffer));
    for (const threads of ["1", "2"]) {
      const args = [script, file, `${side}`, `${side}`], env = { OPENBLAS_NUM_THREADS: threads };
      const { stdout } = await new Deno.Command("python3", { args, env, stderr: "inherit" })
        .output();
      for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
        const each: Found = JSON.parse(line);
        found.push({ ...each, what: `${each.what}, ${threads} threads` });
      }
    }
  } finally {
    await Deno.remove(file);
  }
  return found;
}

const sides = Deno.args.length > 0 ? Deno.args.map(Number) : [1024, 2048];
for (const side of sides) {
  const a = Float32Array.from(known(side, side, (i) => (i + 1) ** -0.75));
  const found = await own(a, side);
  if (hasNumpy()) found.push(...await peers(a, side));
  else console.error("python3 with numpy is not here");
  const exact = found.find(({ what }) => what.startsWith("numpy svd, values, float64"))?.values;
  for (const { what, seconds, values } of found) {
    const error = exact
      ? Math.max(...Array.from(exact, (value, i) => Math.abs(values[i]! / value - 1)))
      : null;
    const figure: Figure = { side, what, seconds, error };
    console.error(
      `${side}² ${what.padEnd(46)} ${seconds.toFixed(2).padStart(6)} s   error ${
        error?.toExponential(1) ?? "unknown"
      }`,
    );
    console.log(JSON.stringify(figure));
  }
}
