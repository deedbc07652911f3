// The server over loopback under wrk, each figure beside its peer's from the same run:
//   deno run -A bench/server_bench.ts [cached] [unchanged] [uncached] [memory]
import { iipsrv, isInstalled, tiffOf } from "./iipsrv.ts";
import { type Ask, bare, line, type Load, load, middle, type Server, synaptile } from "./load.ts";
import { bf16Model, generator, scratch } from "./models.ts";

const sections = { cached, unchanged, uncached, memory };
const chosen = Deno.args.length > 0 ? Deno.args : Object.keys(sections);
const CONNECTIONS = [8, 64];
const ROUNDS = 3;
const SIDE = 16384, NATIVE = 6;

for (const [name, section] of Object.entries(sections)) {
  if (!chosen.includes(name)) continue;
  console.log(`\n# ${name}`);
  await section();
}

/** Random places of all zooms, most of them deep as a pyramid has them. */
function places(count: number): string[] {
  const all: string[] = [];
  for (let z = 0; z <= NATIVE; z++) {
    for (let x = 0; x < 2 ** z; x++) for (let y = 0; y < 2 ** z; y++) all.push(`${z}/${x}/${y}`);
  }
  const random = generator(7);
  return Array.from({ length: Math.min(count, all.length) }, () => {
    return all.splice(Math.floor(random() * all.length), 1)[0]!;
  });
}

/** Tile paths of a layer, with the version that makes them immutable. */
async function paths(server: Server, count: number, layer = 0): Promise<string[]> {
  const { models: [model] } = await (await fetch(`${server.url}/models`)).json();
  const { layers } = await (await fetch(`${server.url}${model.url}`)).json();
  const name = encodeURIComponent(layers[layer].name);
  return places(count).map((at) =>
    `/tiles/${model.id}/${name}/weights/${at}.png?v=${model.version}`
  );
}

/** Turn by turn, so that whatever else the machine does meets both. */
async function compare(
  ours: readonly [Server, readonly Ask[]],
  peer: readonly [Server, readonly Ask[]],
  goal: number,
): Promise<void> {
  for (const connections of CONNECTIONS) {
    const found: [Load[], Load[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      found[0].push(await load(...ours, connections));
      found[1].push(await load(...peer, connections));
    }
    const [mine, theirs] = [middle(found[0]), middle(found[1])];
    console.log(line(`synaptile, ${connections} connections`, mine));
    console.log(line(`peer, ${connections} connections`, theirs));
    const errors = found.flat().reduce((sum, { errors }) => sum + errors, 0);
    console.log(
      `  ratio ${(mine.rate / theirs.rate).toFixed(2)} (goal ${goal}), ${errors} errors in all`,
    );
  }
}

/** Tiles that were drawn before, against a bare `Deno.serve` of the same bytes. */
async function cached(): Promise<void> {
  const server = await synaptile(bf16Model(SIDE, 1));
  const folder = `${scratch}/tiles`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  const asks = await paths(server, 256);
  for (const [i, path] of asks.entries()) {
    await Deno.writeFile(`${folder}/${i}`, await (await fetch(server.url + path)).bytes());
  }
  const peer = await bare(folder);
  await compare([server, asks.map((path) => [path])], [peer, [["/"]]], 0.6);
  await Promise.all([server.stop(), peer.stop()]);
}

/** 304s, against a bare `Deno.serve` of 304s without a header. */
async function unchanged(): Promise<void> {
  const server = await synaptile(bf16Model(SIDE, 1));
  const asks: Ask[] = [];
  for (const path of await paths(server, 256)) {
    const response = await fetch(server.url + path);
    await response.body?.cancel();
    const tag = response.headers.get("ETag")!;
    const again = await fetch(server.url + path, { headers: { "If-None-Match": tag } });
    if (again.status !== 304) throw new Error(`${path}: ${again.status} where 304 is expected`);
    asks.push([path, tag]);
  }
  Deno.env.set("BARE", "304");
  const peer = await bare(`${scratch}/tiles`);
  Deno.env.delete("BARE");
  await compare([server, asks], [peer, asks], 0.8);
  await Promise.all([server.stop(), peer.stop()]);
}

/** Tiles drawn for every request, against JPEG by iipsrv from an uncompressed TIFF of the same picture. */
async function uncached(): Promise<void> {
  const model = bf16Model(SIDE, 1);
  const tiff = isInstalled() ? await tiffOf(model) : null;
  for (const workers of [1, 2]) {
    console.log(`${workers} worker${workers > 1 ? "s" : ""}:`);
    const server = await synaptile(model, "--cache", "0", "--workers", String(workers));
    const asks = (await paths(server, 3000)).map((path): Ask => [path]);
    await (await fetch(server.url + asks[0]![0])).body?.cancel(); // summarises the layer
    if (tiff) {
      const peer = await iipsrv(tiff, workers);
      const name = tiff.slice(tiff.lastIndexOf("/") + 1);
      const jpegs = places(3000).map((at): Ask => {
        const [z, x, y] = at.split("/");
        return [`/iipsrv?DeepZoom=${name}_files/${Number(z) + 8}/${x}_${y}.jpg`];
      });
      await compare([server, asks], [peer, jpegs], 0.6);
      await peer.stop();
    } else {
      for (const connections of CONNECTIONS) {
        console.log(
          line(`synaptile, ${connections} connections`, await load(server, asks, connections)),
        );
      }
      console.log("  no ratio: iipsrv, nginx or vips is not installed");
    }
    await server.stop();
  }
}

/** Resident memory while a file of 4 GB is served. */
async function memory(): Promise<void> {
  const server = await synaptile(bf16Model(SIDE, 8));
  const asks: Ask[] = [];
  for (let layer = 0; layer < 8; layer++) {
    asks.push(...(await paths(server, 700, layer)).map((path): Ask => [path]));
  }
  let most = 0;
  const watch = setInterval(() => {
    const status = Deno.readTextFileSync(`/proc/${server.pid}/status`);
    most = Math.max(most, Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
  }, 100);
  for (const connections of CONNECTIONS) {
    console.log(
      line(`4 GB, ${connections} connections`, await load(server, asks, connections, 10)),
    );
  }
  clearInterval(watch);
  console.log(`  at most ${most.toFixed(0)} MiB resident (goal 500)`);
  await server.stop();
}
