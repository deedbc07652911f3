import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Changed, NotFound } from "../../src/errors.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { EngineEvent } from "../../src/tile/ingests.ts";
import type { Engine } from "../../src/tile/tile.ts";
import {
  contentsOf,
  filesBelow,
  ingesting,
  largeFile,
  mapTile,
  TALL,
  until,
  WIDE,
  withLarge,
} from "./large.ts";
import { failure, numbers, tileAt } from "./models.ts";

const names = ["a", "b", "c"];
const CELLS = TALL * WIDE;
/** A tile of a whole layer: from its pyramid, or from an estimate. */
const far = (layer: string) => tileAt(layer, [0, 0, 0]);

/** What tiles are without a store. */
async function pictures(path: string): Promise<Map<string, Uint8Array>> {
  const engine = await createEngine([path], { workers: 2 });
  try {
    return await picturesOf(engine);
  } finally {
    await engine.close();
  }
}

async function picturesOf(engine: Engine): Promise<Map<string, Uint8Array>> {
  const pictures = new Map<string, Uint8Array>();
  for (const { name } of engine.models()[0]!.tensors) {
    pictures.set(name, (await engine.ticket(far(name)).tile()).bytes);
  }
  pictures.set("_", (await engine.ticket(mapTile([0, 0, 0])).tile()).bytes);
  return pictures;
}

Deno.test("an ingest reads every cell once, and what it finds is there for the next engine", () =>
  withLarge(names, async (path, store) => {
    const expected = await pictures(path);
    await ingesting(path, store, async (engine) => {
      await until(engine, "done");
      const { done, total, read, layers, failures } = engine.ingest("model")!;
      assertEquals([done, total, read], Array(3).fill(names.length * CELLS));
      assertEquals([layers, failures], [{ done: 3, total: 3 }, []]);
      assertEquals(await picturesOf(engine), expected);
    });
    const before = await contentsOf(store);
    await ingesting(path, store, async (engine) => {
      await until(engine, "done");
      assertEquals(engine.ingest("model")!.read, 0);
      assertEquals(await picturesOf(engine), expected);
    });
    assertEquals(await contentsOf(store), before);
  }));

Deno.test("a tile before the ingest is an estimate and says so; after it, exact under another tag", () =>
  withLarge(names, (path, store) =>
    ingesting(path, store, async (engine) => {
      engine.setIngest("model", "paused");
      const last = engine.ticket(far("c"));
      assert(last.preliminary && !last.immutable);
      assertMatch(last.etag, /^W\/"/);
      const estimate = await last.tile();
      const { "Synaptile-Refinement": share, "Synaptile-Standard-Error": error } = estimate.headers;
      assert(Number(share) > 0 && Number(share) < 1, share);
      assert(Number(error) > 0, error);
      const whole = engine.ticket(mapTile([0, 0, 0]));
      assert(whole.preliminary);
      engine.setIngest("model", "running");
      await until(engine, "done");
      for (const address of [far("c"), mapTile([0, 0, 0])]) {
        const ticket = engine.ticket({ ...address, query: versioned(engine) });
        assert(ticket.immutable && !ticket.preliminary);
        assertMatch(ticket.etag, /^"/);
        assertEquals((await ticket.tile()).headers["Synaptile-Refinement"], "1");
      }
    })));

const versioned = (engine: Engine) => new URLSearchParams({ v: engine.model("model").version });

Deno.test("an ingest that rests does no more than what was in hand, and goes on when it is told to", () =>
  withLarge(names, (path, store) =>
    ingesting(path, store, async (engine) => {
      assertEquals(engine.setIngest("model", "paused").state, "paused");
      await new Promise((done) => setTimeout(done, 300));
      const { read } = engine.ingest("model")!;
      assert(read <= CELLS, `${read} cells`); // the one worker's job
      await new Promise((done) => setTimeout(done, 200));
      assertEquals(engine.ingest("model")!.read, read);
      assertEquals(engine.setIngest("model", "paused").state, "paused");
      engine.setIngest("model", "running");
      await until(engine, "done");
      assertEquals(engine.ingest("model")!.read, names.length * CELLS);
    })));

Deno.test("closing while an ingest works or rests leaves no lock and nothing half written", () =>
  withLarge(names, async (path, store) => {
    const all = (folder: string): string[] =>
      [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
        isDirectory ? all(`${folder}/${name}`) : name
      );
    // Each gets a little further than the one before; none is let finish a layer it has in hand.
    for (let i = 0; i < 6; i++) {
      await ingesting(path, store, async (engine) => {
        const before = all(store).length;
        while (all(store).length < before + 2 && engine.ingest("model")!.state !== "done") {
          await new Promise((done) => setTimeout(done, 1));
        }
        if (i % 3 === 2) engine.setIngest("model", "paused");
      });
      assertEquals(all(store).filter((name) => name.endsWith(".part")), []);
    }
    // All that is left can be had by another.
    await ingesting(path, store, (engine) => until(engine, "done"));
  }));

Deno.test("a model that is taken out while it rests does not hold up those behind it", () =>
  withLarge(names, async (path, store) => {
    const other = path.replace("model.", "other.");
    await Deno.writeFile(other, largeFile(["only"], 2));
    const engine = await createEngine([path, other], {
      workers: 1,
      store: { folder: store, background: true },
    });
    try {
      engine.setIngest("model", "paused");
      // The first look is over then, and what rests is the reading.
      await engine.legend(engine.view("model", "_", "map", new URLSearchParams()));
      await new Promise((done) => setTimeout(done, 100));
      assertEquals(engine.ingest("other")!.state, "waiting");
      engine.remove("model");
      await until(engine, "done", "other");
    } finally {
      await engine.close();
    }
  }));

Deno.test("two engines at one store share the work, and both find all of it", () =>
  withLarge(["a", "b", "c", "d"], async (path, store) => {
    const expected = await pictures(path);
    await ingesting(path, store, (one) =>
      ingesting(path, store, async (two) => {
        await Promise.all([until(one, "done"), until(two, "done")]);
        const reads = [one, two].map((engine) => engine.ingest("model")!.read);
        assertEquals(reads[0]! + reads[1]!, 4 * CELLS, `${reads}`);
        for (const engine of [one, two]) {
          assertEquals(engine.ingest("model")!.done, 4 * CELLS);
          assertEquals(await picturesOf(engine), expected);
        }
      }));
    const alone = `${store}-alone`;
    await ingesting(path, alone, (engine) => until(engine, "done"));
    assertEquals(await contentsOf(store), await contentsOf(alone));
  }));

/** A chunk on disk of the means that a far tile of a layer is made of. */
const chunkOf = (store: string, layer: number) => {
  const files = filesBelow(store).filter((path) =>
    path.includes(`layers/00000${layer}/mean_`) && /\/c\.0\.0$/.test(path)
  );
  return files.map((path) => `${store}/${path}`);
};

function damage(path: string): void {
  const bytes = Deno.readFileSync(path);
  bytes[100]! ^= 4;
  Deno.writeFileSync(path, bytes);
}

for (const when of ["before a server starts", "while one runs"]) {
  Deno.test(`chunks that are damaged ${when} are noticed, drawn around and made anew`, () =>
    withLarge(names, async (path, store) => {
      const expected = await pictures(path);
      await ingesting(path, store, (engine) => until(engine, "done"));
      const healthy = await contentsOf(store);
      if (when.startsWith("before")) chunkOf(store, 1).forEach(damage);
      await ingesting(path, store, async (engine) => {
        await until(engine, "done");
        if (when.startsWith("while")) chunkOf(store, 1).forEach(damage);
        const ticket = engine.ticket(far("b"));
        assertMatch(ticket.etag, /^"/);
        // At once, by many: an estimate that says it is one, or what is exact by now.
        const tiles = await Promise.all(Array.from({ length: 4 }, () => ticket.tile()));
        tiles.push(await engine.ticket(tileAt("b", [1, 0, 0])).tile());
        for (const { etag, headers } of tiles) {
          assertEquals(etag.startsWith("W/"), Number(headers["Synaptile-Refinement"]) < 1);
        }
        assertMatch(tiles[0]!.etag, /^W\//);
        await until(engine, "done");
        assertEquals(engine.ingest("model")!.read, CELLS);
        assertEquals(await picturesOf(engine), expected);
        assertEquals(engine.ticket(far("b")).etag, ticket.etag);
      });
      assertEquals(await contentsOf(store), healthy);
    }));
}

Deno.test("a damaged layer whose store cannot be written any more is drawn from its file", () =>
  withLarge(["a", "b"], async (path, store) => {
    const expected = await pictures(path);
    await ingesting(path, store, async (engine) => {
      await until(engine, "done");
      chunkOf(store, 1).forEach(damage);
      const [folder] = [...Deno.readDirSync(store)].map(({ name }) => `${store}/${name}`);
      // Where a folder is expected, nothing can be locked.
      await Deno.remove(`${folder}/locks`, { recursive: true });
      await Deno.writeTextFile(`${folder}/locks`, "");
      assertEquals((await engine.ticket(far("b")).tile()).bytes, expected.get("b"));
      const { failures } = engine.ingest("model")!;
      assertEquals(failures.map(({ tensor }) => tensor), ["b"]);
      assertMatch(failures[0]!.detail, /damaged and cannot be made anew/);
    });
  }));

Deno.test("a record that is damaged is made anew", () =>
  withLarge(["a"], async (path, store) => {
    await ingesting(path, store, (engine) => until(engine, "done"));
    const healthy = await contentsOf(store);
    const [record] = filesBelow(store).filter((path) => path.includes("records/"));
    damage(`${store}/${record}`);
    await ingesting(path, store, async (engine) => {
      await until(engine, "done");
      assertEquals(engine.ingest("model")!.read, CELLS);
    });
    assertEquals(await contentsOf(store), healthy);
  }));

const changes = {
  swapped: async (path: string) => {
    await Deno.writeFile(`${path}.new`, largeFile(names, 7));
    await Deno.rename(`${path}.new`, path);
  },
  rewritten: (path: string) => Deno.writeFile(path, largeFile(names, 7)),
  truncated: async (path: string) => {
    await Deno.truncate(path, 6_000_000);
  },
};

for (const [how, change] of Object.entries(changes)) {
  Deno.test(`a file that is ${how} while it is ingested leaves nothing of the old one`, () =>
    withLarge(names, async (path, store) => {
      await ingesting(path, store, async (engine) => {
        engine.setIngest("model", "paused");
        const old = engine.model("model").version;
        const stale = engine.ticket(far("c"));
        await new Promise((done) => setTimeout(done, 50));
        await change(path);
        // What was planned of the old file is not drawn of the new one.
        assert(await failure(() => stale.tile()) instanceof Changed);
        await new Promise((done) => setTimeout(done, 120)); // longer than a model is believed
        await assertRejects(async () => await engine.ticket(far("c")).tile(), Changed, "again");
        if (how === "truncated") {
          await new Promise((done) => setTimeout(done, 200));
          const error = await failure(async () => await engine.ticket(far("c")).tile());
          assertMatch(String(error), /FormatError/);
          await Deno.writeFile(path, largeFile(names, 7));
        }
        for (let i = 0; i < 40 && !isOpen(engine); i++) {
          await new Promise((done) => setTimeout(done, 50));
        }
        assert(engine.model("model").version !== old);
        await until(engine, "done");
        assertEquals(engine.ingest("model")!.read, names.length * CELLS);
        assertEquals(await picturesOf(engine), await pictures(path));
        const exact = await numbers(engine, tileAt("c", [4, 1, 1]));
        assert(exact.values[0]! > 0);
      });
      // Of the old version there is what was whole before the change, in a store of its own.
      const alone = `${store}-alone`;
      await ingesting(path, alone, (engine) => until(engine, "done"));
      const [fresh] = [...Deno.readDirSync(alone)].map(({ name }) => name);
      assertEquals(await contentsOf(`${store}/${fresh}`), await contentsOf(`${alone}/${fresh}`));
    }));
}

function isOpen(engine: Engine): boolean {
  try {
    return engine.model("model") !== undefined;
  } catch {
    return false;
  }
}

Deno.test("events tell of progress and of each layer in order, until nobody listens", () =>
  withLarge(names, (path, store) =>
    ingesting(path, store, async (engine) => {
      engine.setIngest("model", "paused");
      const heard: EngineEvent[] = [];
      const deaf = engine.listen((event) => heard.push(event));
      engine.setIngest("model", "running");
      await until(engine, "done");
      const layers = heard.filter(({ kind }) => kind === "layer");
      const states = heard.flatMap((event) => event.kind === "ingest" ? event : []);
      assert(states.every(({ done }, i) => i === 0 || done >= states[i - 1]!.done));
      assertEquals(states.at(-1)!.state, "done");
      assertEquals(states.at(-1)!.done, names.length * CELLS);
      const told = layers.map((event) => event.kind === "layer" ? event.tensor : "");
      assertEquals(new Set(told).size, told.length);
      // Whatever was there when the last layer was told is followed by the end.
      assert(heard.indexOf(layers.at(-1)!) < heard.length - 1);
      deaf();
      const count = heard.length;
      chunkOf(store, 0).forEach(damage);
      await engine.ticket(far("a")).tile();
      await until(engine, "done");
      assertEquals(heard.length, count);
    })));

Deno.test("old stores go by age and by size, the one in use never", () =>
  withLarge(["a"], async (path, folder) => {
    const other = path.replace("model.", "other.");
    await Deno.writeFile(other, largeFile(["only"], 2));
    await ingesting(other, folder, (engine) => until(engine, "done", "other"));
    const [old] = [...Deno.readDirSync(folder)].map(({ name }) => name);
    const store = (limit: number) => ({ store: { folder, background: true, limit } });
    const stores = () => [...Deno.readDirSync(folder)].map(({ name }) => name);
    await ingesting(path, folder, async (engine) => {
      await until(engine, "done");
      await engine.close();
    }, store(2 ** 30));
    assertEquals(stores().length, 2);
    await ingesting(path, folder, async (engine) => {
      await until(engine, "done");
      for (let i = 0; i < 40 && stores().length > 1; i++) {
        await new Promise((done) => setTimeout(done, 25));
      }
      // Less than even the one in use takes.
      assertEquals(stores().filter((name) => name === old), []);
      assertEquals(stores().length, 1);
      assertEquals((await engine.ticket(far("a")).tile()).headers["Synaptile-Refinement"], "1");
    }, store(1000));
    // Age: nobody has used it for a hundred days.
    const [name] = stores();
    const then = new Date(Date.now() - 100 * 24 * 3600 * 1000);
    await Deno.utime(`${folder}/${name}/used`, then, then);
    await ingesting(other, folder, async (engine) => {
      await until(engine, "done", "other");
      for (let i = 0; i < 40 && stores().includes(name!); i++) {
        await new Promise((done) => setTimeout(done, 25));
      }
      assertEquals(stores().includes(name!), false);
    }, store(2 ** 30));
  }));

Deno.test("a model that is not ingested says so", () =>
  withLarge(["a"], async (path) => {
    const engine = await createEngine([path], { workers: 1 });
    try {
      assertEquals(engine.ingest("model"), null);
      assertThrows(() => engine.setIngest("model", "paused"), NotFound, "only as far as");
    } finally {
      await engine.close();
    }
  }));
