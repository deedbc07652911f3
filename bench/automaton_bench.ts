/**
 * Steps of automata in Mcells/s: five fields of 2048² cells with eight neighbours, one of 192³ voxels
 * with 26; tanh, wrapped; with one worker and two over shared memory, each half of the blocks, one step
 * a pass or several; beside them `automaton.c` and `automaton.py` on one thread, where gcc, python3 and
 * numpy are found:
 *
 *     deno run -A bench/automaton_bench.ts
 *
 * Passes take turns; figures are of the best ones, of the best steps where a peer makes them. Two peers at once
 * show how much of a second core there is. Prints a table,
 * then a line of JSON a figure.
 */
import { compilePeer, hasNumpy } from "./peers.ts";
import { wholeOf } from "../src/field/automaton/region.ts";
import { type CellState, initial } from "../src/field/automaton/state.ts";
import type { Share } from "./automaton_worker.ts";

const ROUNDS = 5;
const planes = [2048, 2048], volume = [192, 192, 192];

interface Figure {
  readonly what: string;
  readonly size: readonly number[];
  /** Mcells/s, a cell being all its fields. */
  best: number;
}
const figures: Figure[] = [];

function figureOf(what: string, size: readonly number[]): Figure {
  const figure = { what, size, best: 0 };
  figures.push(figure);
  return figure;
}

/** As `automaton.c` makes them, in shared memory. */
function numbers(count: number, seed: number): Float32Array {
  const values = new Float32Array(new SharedArrayBuffer(count * 4));
  for (let i = 0; i < count; i++) {
    let bits = Math.imul(i + seed, 2654435761);
    bits = Math.imul(bits ^ (bits >>> 15), 2246822519);
    values[i] = (bits >>> 8) / 2 ** 23 - 1;
  }
  return values;
}

function stateOf(size: readonly number[], seed: number): CellState {
  const cells = size.reduce((a, b) => a * b), fields = size.length === 2 ? 5 : 1;
  const all = numbers(cells * fields, seed);
  const parts = Array.from({ length: fields }, (_, i) => all.subarray(i * cells, (i + 1) * cells));
  const region = wholeOf(size), weight = { region, values: numbers(cells, 3) };
  return initial(size, region, parts, weight, weight);
}

/** One pass of `steps` steps by all workers; milliseconds. */
async function pass(workers: Worker[], from: CellState, to: CellState): Promise<number> {
  const began = performance.now();
  await Promise.all(workers.map((worker, which) =>
    new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = ({ message }) => reject(new Error(message));
      const share: Share = { from, to, which, of: workers.length };
      worker.postMessage(share);
    })
  ));
  return performance.now() - began;
}

/** A peer's steps: speeds in its figure, and the sum after the first checked against ours. */
async function runPeer(figure: Figure, command: string, args: string[], sum: number) {
  const { size } = figure;
  const all = [...args, `${size.length}`, `${size[0]}`, "6"];
  const { success, stdout, stderr } = await new Deno.Command(command, { args: all }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
  const found = JSON.parse(new TextDecoder().decode(stdout));
  if (!(Math.abs(found.sum - sum) < 1e-5 * Math.abs(sum) + 1)) {
    throw new Error(`${figure.what} sums to ${found.sum}, not ${sum}`);
  }
  const cells = size.reduce((a, b) => a * b);
  figure.best = Math.max(figure.best, cells / Math.min(...found.seconds) / 1e6);
}

const programs = (["-msse4.1", "-march=native"] as const)
  .map((instructions) => ({
    name: `gcc ${instructions}`,
    program: compilePeer("automaton.c", "-ffast-math", instructions),
  }))
  .filter((peer) => peer.program !== null);
const numpy = hasNumpy();
const script = new URL("automaton.py", import.meta.url).pathname;
const workers = [0, 1].map(() =>
  new Worker(new URL("automaton_worker.ts", import.meta.url), { type: "module" })
);

for (const size of [planes, volume]) {
  const cells = size.reduce((a, b) => a * b);
  const start = stateOf(size, 1), other = stateOf(size, 2);
  const ours = [1, 2].flatMap((count) =>
    [1, 5].map((steps) => {
      const text = `synaptile, ${count} ${count === 1 ? "worker" : "workers"}, ${steps} a pass`;
      return { count, steps, figure: figureOf(text, size) };
    })
  );
  const theirs = programs.map(({ name, program }) => ({ program, figure: figureOf(name, size) }));
  const both = programs[0] ? figureOf(`two of ${programs[0].name}`, size) : null;
  const python = numpy ? figureOf("numpy", size) : null;
  await pass(workers, start, { ...other, step: 1 });
  const sum = other.fields[0]!.reduce((a, b) => a + b);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { count, steps, figure } of ours) {
      let [from, to] = [start, other];
      for (let i = 0; i < 4; i++) {
        const ms = await pass(workers.slice(0, count), from, { ...to, step: from.step + steps });
        figure.best = Math.max(figure.best, cells * steps / ms / 1e3);
        [from, to] = [to, from];
      }
    }
    // Its arguments are the first state's, whatever ours has become.
    for (const { program, figure } of theirs) await runPeer(figure, program!, [], sum);
    if (both) {
      const halves = [0, 1].map(() => ({ ...both, best: 0 }));
      await Promise.all(halves.map((half) => runPeer(half, programs[0]!.program!, [], sum)));
      both.best = Math.max(both.best, halves[0]!.best + halves[1]!.best);
    }
    if (python && round < 2) await runPeer(python, "python3", [script], sum);
  }
}
for (const worker of workers) worker.terminate();
for (const { program } of programs) Deno.removeSync(program!);

const find = (what: string, size: readonly number[]) =>
  figures.find((figure) => figure.size === size && figure.what.startsWith(what))?.best;
console.log("Steps of automata, Mcells/s\n");
console.log("| | cells | Mcells/s | of gcc -msse4.1 | of one worker | of numpy |");
console.log("| --- | --- | ---: | ---: | ---: | ---: |");
for (const { what, size, best } of figures) {
  const one = find(what.replace("2 workers", "1 worker").replace("two of ", ""), size);
  const ratios = [find("gcc -msse4.1", size), one, find("numpy", size)]
    .map((base) => base && base !== best ? (best / base).toFixed(2) : "");
  console.log(`| ${[what, size.join(" × "), best.toFixed(0), ...ratios].join(" | ")} |`);
}
console.log();
for (const figure of figures) console.log(JSON.stringify(figure));
