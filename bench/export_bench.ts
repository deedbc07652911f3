// Export of a 16384² bf16 plane by the command line, seconds from start to end of the process, beside
// `vips dzsave` of the same picture, 8-bit grey and RGB, with as many threads:
//   deno run -A bench/export_bench.ts [grey] [RGB]
// A run begins with nothing waiting to be written to the disk, and is the best of three. Everything
// is written into fresh folders that are removed at the end: ext4 is slow to make files while it
// remembers others that were just deleted.
import { mosaic } from "../src/cli/mosaic.ts";
import { createEngine } from "../src/tile/engine.ts";
import { bf16Model, scratch } from "./models.ts";

const ROUNDS = 3;
const SIDE = 16384, LAYER = "layers.0.weight", THREADS = 2;
const root = new URL("../", import.meta.url).pathname;
const model = bf16Model(SIDE, 1);
const folder = Deno.makeTempDirSync({ dir: scratch, prefix: "export-" });
const hasVips = await works("vips", "--version");
if (!hasVips) console.log("vips is not installed: apt-get install libvips-tools");

interface Run {
  readonly seconds: number;
  /** Largest resident memory, in MiB. */
  readonly peak: number;
  readonly bytes: number;
}
const best = (runs: readonly Run[]) => runs.toSorted((a, b) => a.seconds - b.seconds)[0]!;

try {
  for (const [name, colormap] of [["grey", "greys"], ["RGB", "ember-ice"]] as const) {
    if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
    console.log(`\n# ${name} (colormap ${colormap})`);
    const picture = hasVips ? await pictureOf(name === "grey", colormap) : "";
    const ours: Run[] = [], files: Run[][] = [[], []], theirs: Run[][] = [[], []];
    // Turn by turn, so that whatever else the machine does meets both.
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await synaptile(`${folder}/${name}-${round}.dzi`, colormap));
      for (const [i, ending] of ["zip", "pmtiles"].entries()) {
        files[i]!.push(await synaptile(`${folder}/${name}-${round}.${ending}`, colormap));
      }
      for (const [i, options] of hasVips ? ["", "[compression=1]"].entries() : []) {
        theirs[i]!.push(await vips(picture, `${folder}/vips-${name}-${round}-${i}`, options));
      }
    }
    const mine = best(ours);
    console.log(line("synaptile export, Deep Zoom", mine));
    for (const [i, options] of ["", "[compression=1]"].entries()) {
      if (!hasVips) break;
      const peer = best(theirs[i]!);
      console.log(line(`vips dzsave .png${options}`, peer));
      const faster = (peer.seconds / mine.seconds).toFixed(2);
      console.log(
        `  ${faster} times as fast, ${(mine.bytes / peer.bytes).toFixed(2)} of its bytes`,
      );
    }
    for (const [i, ending] of ["zip", "pmtiles"].entries()) {
      console.log(line(`synaptile export, ${ending}`, best(files[i]!)));
    }
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}

/** As `deno task synaptile` runs it. */
async function synaptile(out: string, colormap: string): Promise<Run> {
  const flags = ["run", "-q", "-A", "--no-check", "--v8-flags=--max-semi-space-size=1"];
  const verb = ["export", model, LAYER, "-o", out, "--param", `colormap=${colormap}`];
  const args = [...flags, `${root}src/cli/main.ts`, ...verb, "--workers", `${THREADS}`];
  const env = { MALLOC_TRIM_THRESHOLD_: "67108864" };
  return { ...await timed(Deno.execPath(), args, env), bytes: bytesOf(out, "_files") };
}

async function vips(picture: string, out: string, options: string): Promise<Run> {
  const args = ["dzsave", picture, out, "--tile-size", "256", "--overlap", "0", "--suffix"];
  const env = { VIPS_CONCURRENCY: `${THREADS}` };
  const run = await timed("vips", [...args, `.png${options}`], env);
  return { ...run, bytes: bytesOf(`${out}.dzi`, "_files") };
}

/** The nearest zoom of the plane as an uncompressed file. Returns its path. */
async function pictureOf(grey: boolean, colormap: string): Promise<string> {
  const path = `${folder}/picture.${grey ? "pgm" : "ppm"}`;
  const engine = await createEngine([model], { workers: THREADS, cacheBytes: 0 });
  using file = Deno.openSync(path, { write: true, create: true });
  write(file, new TextEncoder().encode(`P${grey ? 5 : 6}\n${SIDE} ${SIDE}\n255\n`));
  try {
    const id = engine.models()[0]!.id;
    const view = engine.view(id, LAYER, "weights", new URLSearchParams({ colormap }));
    const { rows } = mosaic(engine, view, LAYER, view.plane.nativeZoom);
    for await (const rgba of rows(() => {}, new AbortController().signal)) {
      const channels = grey ? 1 : 3;
      const out = new Uint8Array(rgba.length / 4 * channels);
      for (let i = 0, j = 0; j < out.length; i += 4) {
        for (let c = 0; c < channels; c++) out[j++] = rgba[i + c]!;
      }
      write(file, out);
    }
  } finally {
    await engine.close();
  }
  return path;
}

/** Runs a command and watches its memory. */
async function timed(command: string, args: string[], env: Record<string, string>) {
  await works("sync");
  const began = performance.now();
  const child = new Deno.Command(command, { args, env, stdout: "null", stderr: "inherit" }).spawn();
  let peak = 0;
  const watch = setInterval(() => {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      peak = Math.max(peak, Number(status.match(/VmHWM:\s*(\d+)/)?.[1] ?? 0) / 1024);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended
    }
  }, 50);
  const { code } = await child.status;
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return { seconds: (performance.now() - began) / 1000, peak };
}

/** Of all tiles of a Deep Zoom folder, or of a file. */
function bytesOf(out: string, suffix: string): number {
  if (!out.endsWith(".dzi")) return Deno.statSync(out).size;
  const sum = (path: string): number =>
    [...Deno.readDirSync(path)].reduce((bytes, { name, isDirectory }) => {
      const inner = `${path}/${name}`;
      return bytes + (isDirectory ? sum(inner) : Deno.statSync(inner).size);
    }, 0);
  return sum(out.replace(/\.dzi$/, suffix));
}

function line(what: string, { seconds, peak, bytes }: Run): string {
  const size = (bytes / 1e6).toFixed(0), memory = (peak * 2 ** 20 / 1e6).toFixed(0);
  return `${what.padEnd(36)} ${seconds.toFixed(2)} s, ${size} MB written, ${memory} MB resident`;
}

function write(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

async function works(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
