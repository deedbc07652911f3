/**
 * The map of a model that nobody has looked at yet: no store, page cache cold. Time from starting the
 * server's process to the overview; then tiles at random places of all zooms, each for the first time,
 * one at a time and 20 a second, while the model is ingested; then as many when that is done; and the
 * server's resident memory all along:
 *
 *     deno run -A bench/map_bench.ts [1e8 1e9 7e9] [--tiles 400] [--workers 2] [--limit 600]
 *     deno run -A bench/map_bench.ts 1e9 --layer model.layers.0.mlp.up_proj     without a map
 *
 * The whole page cache is dropped where the system lets us, else the model's pages. `--limit` is in
 * seconds, after which ingesting is no longer waited for. Models are made where they are missing.
 * Prints a table, then a line of JSON a figure.
 */
import { parseArgs } from "node:util";
import { stem } from "../src/model/find.ts";
import { IngestPeer, makeCold, TensorList } from "./ingest_peer.ts";
import { type Server, start } from "./load.ts";
import { makeModel } from "./make_model.ts";
import { generator, scratch } from "./models.ts";
import { MemoryWatch, own } from "./own.ts";
import { isSize, type SizeName } from "./synthetic/llama.ts";

const { values: { layer, tiles: count, workers, limit }, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    layer: { type: "string" },
    tiles: { type: "string", default: "400" },
    workers: { type: "string", default: "2" },
    limit: { type: "string", default: "600" },
  },
});
const TILES = Number(count);
/** Milliseconds from one request's start to the next one's, while the model is ingested. */
const PACE = 50;
/** Milliseconds between looks at how far ingesting is. */
const POLL = 500;
const goals = { overview: 1000, during: 60, after: 25, memory: 700 };

/** How far ingesting is; null where there is none. */
async function ingestState(
  base: string,
  id: string,
): Promise<{ done: boolean; share: number } | null> {
  const response = await fetch(`${base}/models/${encodeURIComponent(id)}/_/ingest`);
  if (response.status === 404) {
    await response.body?.cancel();
    return null;
  }
  const { state, done, total } = await response.json();
  return { done: state === "done", share: done / total };
}

interface Zoom {
  readonly z: number;
  readonly columns: number;
  readonly rows: number;
  /** Columns and rows of the tiles that were given, as "x/y". */
  readonly given: Set<string>;
}

/** The tiles of one plane or map but for the overview, each once. */
class Places {
  readonly #random = generator(11);

  private constructor(readonly path: string, readonly zooms: readonly Zoom[]) {}

  static async of(base: string, path: string): Promise<Places> {
    const response = await fetch(`${base}${path}/tile.json`);
    const about = await response.json();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(about)}`);
    const { minzoom, maxzoom, "x-native-zoom": native, "x-tile-size": side } = about;
    const zooms = Array.from({ length: maxzoom - minzoom + 1 }, (_, i): Zoom => {
      const z = minzoom + i;
      const tiles = (cells: number) => Math.ceil(cells * 2 ** (z - native) / side);
      const [columns, rows] = [tiles(about["x-width"]), tiles(about["x-height"])];
      return { z, columns, rows, given: new Set(z === 0 ? ["0/0"] : []) };
    });
    return new Places(path, zooms);
  }

  /** Of a random zoom, a random tile that was not given yet. Throws where there is none left. */
  next(): { z: number; path: string } {
    const open = this.zooms.filter(({ columns, rows, given }) => given.size < columns * rows);
    const zoom = open[Math.floor(this.#random() * open.length)];
    if (!zoom) throw new Error(`${this.path} has no more tiles: ask for fewer`);
    const { z, columns, rows, given } = zoom;
    for (;;) {
      const at = [columns, rows].map((count) => Math.floor(this.#random() * count)).join("/");
      if (given.has(at)) continue;
      given.add(at);
      return { z, path: `${this.path}/${z}/${at}.png` };
    }
  }
}

/** One answered tile. */
interface Answer {
  readonly z: number;
  readonly ms: number;
  /** How far it was refined, as its header says it. */
  readonly refinement: string;
}

async function ask(base: string, { z, path }: { z: number; path: string }): Promise<Answer> {
  const began = performance.now();
  const response = await fetch(base + path);
  await response.arrayBuffer();
  const ms = performance.now() - began;
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
  return { z, ms, refinement: response.headers.get("Synaptile-Refinement") ?? "" };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Tiles at a steady pace until the model is ingested. */
async function during(server: Server, id: string, places: Places) {
  const answers: Answer[] = [];
  const began = performance.now();
  let looked = -Infinity;
  for (let due = began;; due = Math.max(due + PACE, performance.now())) {
    await wait(Math.max(0, due - performance.now()));
    if (performance.now() - looked > POLL) {
      looked = performance.now();
      const state = await ingestState(server.url, id);
      const seconds = (looked - began) / 1000;
      if (!state || state.done || seconds > Number(limit)) return { answers, state, seconds };
    }
    answers.push(await ask(server.url, places.next()));
  }
}

interface Row {
  readonly model: SizeName;
  readonly what: string;
  readonly [figure: string]: string | number;
}

/** Percentiles, and those of the zoom with the slowest tiles. */
function percentiles(answers: readonly Answer[]): Record<string, number> {
  if (answers.length === 0) return { tiles: 0 };
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
  const slowest = answers.reduce((most, one) => one.ms > most.ms ? one : most);
  return {
    ...{ tiles: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
    zoomOfMax: slowest.z,
  };
}

const tally = (answers: readonly Answer[]) =>
  Object.entries(Object.groupBy(answers, ({ refinement }) => refinement || "none"))
    .map(([refinement, all = []]) => `${refinement}: ${all.length}`).join(", ");

async function measure(model: SizeName): Promise<Row[]> {
  const folder = await makeModel(model);
  const id = stem(folder);
  using peer = new IngestPeer("-march=native");
  using list = await TensorList.of(folder);
  const store = Deno.makeTempDirSync({ dir: scratch, prefix: "store-" });
  const cold = await makeCold(peer, list, true);
  const [plane, storing] = layer === undefined
    ? ["_/map", ["--store", store]]
    : [`${encodeURIComponent(layer)}/weights`, []];
  const path = `/tiles/${encodeURIComponent(id)}/${plane}`;
  const { command, args, env } = own(
    ...["serve", folder, "--port", "0", "--workers", workers, ...storing],
  );
  const began = performance.now();
  const server = await start(command, args, env);
  const listening = performance.now() - began;
  const watch = new MemoryWatch(server.pid);
  try {
    const { refinement } = await ask(server.url, { z: 0, path: `${path}/0/0/0.png` });
    const overview = performance.now() - began;
    const places = await Places.of(server.url, path);
    const { answers, state, seconds } = await during(server, id, places);
    const after: Answer[] = [];
    for (let i = 0; i < TILES; i++) after.push(await ask(server.url, places.next()));
    watch.stop();
    return [
      { model, what: "overview", ms: overview, listening, refinement, cold },
      {
        ...{ model, what: "tiles during ingest", ...percentiles(answers) },
        ...{ seconds, ingested: state?.share ?? "no ingest", refinements: tally(answers) },
      },
      { model, what: "tiles after", ...percentiles(after), refinements: tally(after) },
      { model, what: "resident MiB", most: watch.most, peak: watch.peak },
    ];
  } finally {
    watch.stop();
    await server.stop();
    Deno.removeSync(store, { recursive: true });
  }
}

const unknown = positionals.find((name) => !isSize(name));
if (unknown !== undefined) throw new Error(`there is no size "${unknown}"`);
const models = positionals.length > 0 ? positionals.filter(isSize) : ["1e8", "1e9", "7e9"] as const;
const rows: Row[] = [];
for (const model of models) rows.push(...await measure(model));

const goal: Record<string, [figure: string, most: number]> = {
  "overview": ["ms", goals.overview],
  "tiles during ingest": ["p95", goals.during],
  "tiles after": ["p95", goals.after],
  "resident MiB": ["most", goals.memory],
};
console.log("| model | what | figures | goal |\n| --- | --- | --- | --- |");
for (const { model, what, ...figures } of rows) {
  const told = Object.entries(figures).map(([name, value]) => {
    return `${name} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`;
  });
  const [figure = "", most] = goal[what] ?? [];
  console.log(`| ${model} | ${what} | ${told.join(", ")} | ${figure} <= ${most} |`);
}
console.log();
for (const row of rows) console.log(JSON.stringify({ bench: "map", ...row }));
