import { assert, assertEquals, assertMatch } from "@std/assert";
import { contentsOf, filesBelow, largeFile } from "../tile/large.ts";
import { random } from "../compute/samples.ts";
import { command, run } from "./run.ts";

const names = ["a", "b", "c", "d"];
/** Three slabs a layer. */
const ROWS = 20480, COLUMNS = 256, SLAB = 8192;

/** A folder with a model of layers of several slabs, removed afterwards. */
async function withModel(test: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/model.safetensors`;
    await Deno.writeFile(path, largeFile(names, 3, ROWS, COLUMNS));
    await test(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ingest = (path: string, store: string) =>
  run("ingest", path, "--store", store, "--workers", "2", "--json");

/** Every file that is there, whatever it is for. */
function allBelow(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory ? allBelow(`${folder}/${name}`) : `${folder}/${name}`
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Cells of which the store holds all that was to be found: finished layers, and slabs of others. */
function cellsIn(store: string): number {
  const files = filesBelow(store);
  const finished = new Set(
    files.flatMap((path) => /\/records\/(\d+)$/.exec(path)?.[1] ?? []),
  );
  return files.reduce((sum, path) => {
    if (/\/records\/\d+$/.test(path)) return sum + ROWS * COLUMNS;
    const [, layer, part] = /\/parts\/(\d+)\/(\d+)$/.exec(path) ?? [];
    if (layer === undefined || finished.has(layer)) return sum;
    const rows = Math.min(SLAB, ROWS - Number(part) * SLAB);
    return sum + rows * COLUMNS;
  }, 0);
}

Deno.test("an ingest that is killed at any moment goes on to the same store, and reads no slab twice", () =>
  withModel(async (path, folder) => {
    const whole = await ingest(path, `${folder}/whole`);
    assertEquals([whole.code, whole.stderr], [0, ""]);
    assertEquals(JSON.parse(whole.stdout).read, names.length * ROWS * COLUMNS);
    const expected = await contentsOf(`${folder}/whole`);
    const all = allBelow(`${folder}/whole`).length;
    const store = `${folder}/killed`;
    const next = random(Date.now());
    let killed = 0;
    for (let i = 0; i < 10; i++) {
      const process = command("ingest", path, "--store", store, "--workers", "2").spawn();
      // Somewhere between what is there and the end, so that every try gets some way.
      const there = allBelow(store).length;
      const until = there + Math.floor(next() * Math.max(4, (all - there) / (10 - i) * 1.5));
      let over = false;
      const ended = process.status.finally(() => over = true);
      while (!over && allBelow(store).length < until) await new Promise((go) => setTimeout(go, 1));
      try {
        process.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it had ended
      }
      const { signal } = await ended;
      if (signal === "SIGKILL") killed++;
      await Promise.all([process.stdout.cancel(), process.stderr.cancel()]);
    }
    assert(killed >= 5, `${killed} were killed`);
    const done = cellsIn(store);
    const last = await ingest(path, store);
    assertEquals([last.code, last.stderr], [0, ""]);
    assertEquals(JSON.parse(last.stdout).read, names.length * ROWS * COLUMNS - done);
    assertEquals(await contentsOf(store), expected);
    assertEquals(JSON.parse((await ingest(path, store)).stdout).read, 0);
  }));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} ends an ingest in good order, with code 130`, () =>
    withModel(async (path, folder) => {
      const store = `${folder}/store`;
      const process = command("ingest", path, "--store", store, "--workers", "1").spawn();
      while (!allBelow(store).some((path) => path.includes("/pyramids.zarr/layers/0"))) {
        await new Promise((go) => setTimeout(go, 1));
      }
      process.kill(signal);
      const { code, stderr } = await process.output();
      assertEquals([code, new TextDecoder().decode(stderr)], [130, ""]);
      assertEquals(allBelow(store).filter((path) => path.endsWith(".part")), []);
      const again = await ingest(path, store);
      assertEquals(again.code, 0);
      assertEquals(JSON.parse(again.stdout).layers, names.length);
    }));
}

Deno.test("two ingests and a server at one store all end well, and nothing is read twice", () =>
  withModel(async (path, folder) => {
    const store = `${folder}/store`;
    const server = command("serve", path, "--port", "0", "--store", store, "--workers", "1")
      .spawn();
    const [one, two] = await Promise.all([ingest(path, store), ingest(path, store)]);
    try {
      for (const { code, stderr } of [one, two]) assertEquals([code, stderr], [0, ""]);
      const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const [, url] = /^Listening on (\S+)/.exec((await reader.read()).value ?? "")!;
      await reader.cancel();
      let state;
      do {
        await new Promise((go) => setTimeout(go, 20));
        state = await (await fetch(`${url}models/model/_/ingest`)).json();
      } while (state.state !== "done");
      const read = [one, two].reduce(
        (sum, { stdout }) => sum + JSON.parse(stdout).read,
        state.read,
      );
      assertEquals(read, names.length * ROWS * COLUMNS);
      const tile = await fetch(`${url}tiles/model/_/map/0/0/0.png`);
      assertEquals(tile.headers.get("Synaptile-Refinement"), "1");
      await tile.body?.cancel();
    } finally {
      server.kill("SIGTERM");
      await Promise.all([server.status, server.stderr.cancel()]);
    }
    const alone = `${folder}/alone`;
    await ingest(path, alone);
    assertEquals(await contentsOf(store), await contentsOf(alone));
  }));

Deno.test("a server that is asked to stop while it ingests does so at once", () =>
  withModel(async (path, folder) => {
    const store = `${folder}/store`;
    const server = command("serve", path, "--port", "0", "--store", store, "--workers", "1")
      .spawn();
    while (!allBelow(store).some((path) => path.includes("/pyramids.zarr/layers/0"))) {
      await new Promise((go) => setTimeout(go, 1));
    }
    const asked = performance.now();
    server.kill("SIGTERM");
    const { code, stderr } = await server.output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    assert(performance.now() - asked < 2000);
    assertEquals(allBelow(store).filter((path) => path.endsWith(".part")), []);
  }));

Deno.test("a file that is swapped ends an ingest with a sentence, and nothing of it is kept as the new one's", () =>
  withModel(async (path, folder) => {
    const store = `${folder}/store`;
    const process = command("ingest", path, "--store", store, "--workers", "1").spawn();
    while (!allBelow(store).some((path) => path.includes("/pyramids.zarr/layers/0"))) {
      await new Promise((go) => setTimeout(go, 1));
    }
    await Deno.writeFile(`${path}.new`, largeFile(names, 4, ROWS, COLUMNS));
    await Deno.rename(`${path}.new`, path);
    const { code, stderr } = await process.output();
    // It may have been done by then.
    if (code !== 0) {
      assertEquals(code, 1);
      assertMatch(new TextDecoder().decode(stderr), /has changed since it was opened/);
    }
    const again = await ingest(path, store);
    assertEquals(JSON.parse(again.stdout).read, names.length * ROWS * COLUMNS);
  }));
