import { openModel } from "../src/model/open.ts";
import { makeModel } from "./make_model.ts";

/** What `ingest.c` says of one verb. */
export interface Passes {
  readonly bytes: number;
  /** Of each round. */
  readonly seconds: readonly number[];
}

/** `ingest.c`, compiled: reads, measures and writes as C does it. Gone when disposed of. */
export class IngestPeer {
  readonly #program: string;

  /** Takes a choice of instructions, e.g. "-march=native". Throws where gcc is missing or fails. */
  constructor(instructions: string) {
    this.#program = Deno.makeTempFileSync({ prefix: "synaptile-" });
    const source = new URL("ingest.c", import.meta.url).pathname;
    const flags = ["-O3", instructions, "-fno-math-errno", "-pthread", source, "-lm"];
    const args = [...flags, "-o", this.#program];
    const { success, stderr } = new Deno.Command("gcc", { args }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  /** Runs one of its verbs. */
  async run(...args: readonly (string | number)[]): Promise<Passes> {
    const { success, stdout, stderr } = await new Deno.Command(this.#program, {
      args: args.map(String),
    }).output();
    if (!success) throw new Error(`${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#program);
  }
}

/** A file that tells `ingest.c` where a model's tensors lie. */
export class TensorList {
  readonly path = Deno.makeTempFileSync({ prefix: "synaptile-" });

  private constructor(
    readonly bytes: number,
    readonly parameters: number,
    readonly tensors: number,
    lines: string[],
  ) {
    Deno.writeTextFileSync(this.path, lines.join("\n") + "\n");
  }

  static async of(folder: string): Promise<TensorList> {
    const model = await openModel(folder);
    try {
      const lines = model.tensors.map(({ name, dtype, shape, offset, source }) => {
        if (dtype !== "BF16" || source.kind !== "file") {
          throw new Error(`${name} is ${dtype} in a ${source.kind}, not BF16 in a file`);
        }
        const columns = shape.at(-1) ?? 1;
        const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
        return `${offset} ${rows} ${columns} ${source.path}`;
      });
      return new TensorList(model.bytes, model.parameters, lines.length, lines);
    } finally {
      model.close();
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }
}

/**
 * Drops the model's pages from the page cache; those of everything else too where `whole` is asked
 * for and the system lets us. Returns what was done.
 */
export async function makeCold(peer: IngestPeer, list: TensorList, whole = false): Promise<string> {
  await peer.run("forget", list.path);
  if (!whole) return "the model's pages dropped";
  try {
    Deno.writeTextFileSync("/proc/sys/vm/drop_caches", "3\n");
    return "the whole page cache dropped";
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotFound)) {
      throw error;
    }
    return "only the model's pages dropped, since dropping the whole page cache takes root";
  }
}

/**
 * Throws unless the peer's figures of a small model, and of one with ragged edges, are those of a
 * plain computation in float64.
 */
export async function checkPeer(peer: IngestPeer): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "synaptile-" });
  try {
    await makeModel("1e5", { folder });
    using list = await TensorList.of(folder);
    const whole = Deno.readTextFileSync(list.path);
    // The bytes of a matrix with dead rows, as if they were one with edges that are no whole blocks.
    const ragged = whole.replace(/[^]*?^(\d+) 176 64 ([^\n]*\n)[^]*/m, "$1 53 203 $2");
    for (const text of [whole, ragged]) {
      Deno.writeTextFileSync(list.path, text);
      await peer.run("stats", 2, 1, list.path, `${folder}/figures`);
      const found = new Float32Array((await Deno.readFile(`${folder}/figures`)).buffer);
      const expected = text.trimEnd().split("\n").flatMap(plainly);
      if (found.length !== expected.length) {
        throw new Error(`ingest.c has ${found.length} figures, not ${expected.length}`);
      }
      const wrong = expected.findIndex((figure, i) => !(Math.abs(figure - found[i]!) < 1e-6));
      if (wrong >= 0) {
        throw new Error(`ingest.c: figure ${wrong} is ${found[wrong]}, not ${expected[wrong]}`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The figures of one tensor's blocks, from the values as the file has them. */
function plainly(line: string): number[] {
  const [offset = 0, rows = 0, columns = 0] = line.split(" ", 3).map(Number);
  const bytes = Deno.readFileSync(line.split(" ").slice(3).join(" "));
  const stored = new Uint16Array(bytes.slice(offset, offset + 2 * rows * columns).buffer);
  const values = new Float32Array(Uint32Array.from(stored, (bits) => bits << 16).buffer);
  const figures: number[] = [];
  for (let top = 0; top < rows; top += 8) {
    for (let left = 0; left < columns; left += 8) {
      const bottom = Math.min(rows, top + 8), right = Math.min(columns, left + 8);
      const cells: number[] = [], slopes: number[] = [];
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const cell = values[y * columns + x]!;
          const beside = x + 1 < right ? values[y * columns + x + 1]! : cell;
          const below = y + 1 < bottom ? values[(y + 1) * columns + x]! : cell;
          cells.push(cell);
          slopes.push(Math.hypot(beside - cell, below - cell));
        }
      }
      const average = (all: number[]) => all.reduce((a, b) => a + b, 0) / all.length;
      const mean = average(cells);
      const variance = average(cells.map((cell) => (cell - mean) ** 2));
      figures.push(mean, variance, average(slopes), average(cells.map((cell) => cell > 0 ? 1 : 0)));
    }
  }
  return figures;
}
