import { assert, assertEquals, assertRejects } from "@std/assert";
import { BadRequest, Changed, OutOfSpace, Unreadable } from "../../../src/errors.ts";
import { exportPlane } from "../../../src/tile/export/export.ts";
import { folder } from "../../../src/tile/export/folder.ts";
import { pmtiles } from "../../../src/tile/export/pmtiles.ts";
import type { ImageFormat, Kind } from "../../../src/tile/export/sink.ts";
import { zip } from "../../../src/tile/export/zip.ts";
import { createEngine } from "../../../src/tile/engine.ts";
import type { Address, Engine } from "../../../src/tile/tile.ts";
import { rangeServer, served } from "../../storage/servers/range.ts";
import { modelFile, withFolder } from "../models.ts";
import { withArchive } from "./archive.ts";

interface Choice {
  readonly layer?: string;
  readonly mode?: string;
  readonly query?: string;
  readonly image?: ImageFormat;
  readonly z?: number;
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly tick?: () => void;
}

/** Answers how many tiles there are and how many were there before. */
async function write(engine: Engine, kind: Kind, out: string, choice: Choice = {}) {
  const { layer = "waves", mode = "weights", image = "png", force = false } = choice;
  const view = engine.view(engine.models()[0]!.id, layer, mode, new URLSearchParams(choice.query));
  let told = { total: 0, done: 0 };
  await exportPlane(engine, {
    ...{ view, layer, kind, out, image, force, workers: 1 },
    z: choice.z ?? view.plane.nativeZoom,
    signal: choice.signal ?? new AbortController().signal,
    begin: (total, done) => told = { total, done },
    tick: choice.tick ?? (() => {}),
  });
  return told;
}

/** A matrix of waves, and one of zeros but for one value. */
const withModel = (test: (engine: Engine, folder: string) => Promise<void>) =>
  withFolder(
    async (folder) => {
      const waves = Float32Array.from({ length: 1100 * 1300 }, (_, i) => Math.sin(i * i * 0.37));
      const zeros = new Float32Array(2048 * 2048);
      zeros[77] = 1;
      await Deno.writeFile(
        `${folder}/model.safetensors`,
        modelFile({
          waves: { shape: [1100, 1300], values: waves },
          zeros: { shape: [2048, 2048], values: zeros },
        }),
      );
    },
    { workers: 1 },
    test,
  );

Deno.test("areas that are the same all over are stored once", () =>
  withModel(async (engine, home) => {
    await write(engine, folder, `${home}/z.dzi`, { layer: "zeros" });
    const files = [...Deno.readDirSync(`${home}/z_files/11`)];
    const inodes = files.map(({ name }) => Deno.statSync(`${home}/z_files/11/${name}`).ino);
    assertEquals([files.length, new Set(inodes).size], [64, 2]);
    await write(engine, pmtiles, `${home}/z.pmtiles`, { layer: "zeros" });
    await withArchive(`${home}/z.pmtiles`, async (archive) => {
      const { numAddressedTiles, numTileContents } = await archive.getHeader();
      assertEquals(numAddressedTiles, 85);
      assert(numTileContents <= 5, `${numTileContents} different tiles`);
    });
  }));

Deno.test("a picture can be exported further out, and further in, than its cells", () =>
  withModel(async (engine, home) => {
    for (const z of [0, 1, 5]) {
      await write(engine, folder, `${home}/${z}.dzi`, { z });
      const size = Deno.readTextFileSync(`${home}/${z}.dzi`).match(/Size (.*)\//)?.[1];
      const scale = 2 ** (z - 3);
      const [width, height] = [Math.ceil(1300 * scale), Math.ceil(1100 * scale)];
      assertEquals(size, `Width="${width}" Height="${height}"`);
      const deepest = Math.ceil(Math.log2(width));
      const [x, y] = [Math.ceil(width / 256) - 1, Math.ceil(height / 256) - 1];
      const tile = await engine.ticket({
        ...{ model: "model", layer: "waves", mode: "weights", z, x, y, density: 1, crop: true },
        ...{ format: "png", query: new URLSearchParams() },
      }).tile();
      assertEquals(Deno.readFileSync(`${home}/${z}_files/${deepest}/${x}_${y}.png`), tile.bytes);
    }
  }));

Deno.test("what a mode or a kind cannot do is refused before anything is written", () =>
  withModel(async (engine, home) => {
    const out = `${home}/x.dzi`;
    const refused = (choice: Choice, words: string) =>
      assertRejects(() => write(engine, folder, out, choice), BadRequest, words);
    await refused({ mode: "stats", image: "jpg" }, "says something by transparency");
    await refused({ z: 99 }, 'there is no zoom 99: "waves" has zooms 0 to');
    await refused({ z: -1 }, "there is no zoom -1");
    await Deno.writeTextFile(`${home}/x_files`, "mine");
    await refused({}, `${home}/x_files is there already`);
    assertEquals(Deno.readTextFileSync(`${home}/x_files`), "mine");
    assertEquals([...Deno.readDirSync(home)].map(({ name }) => name).sort(), [
      "model.safetensors",
      "x_files",
    ]);
  }));

Deno.test("an export that was interrupted goes on, but with the same picture only", () =>
  withModel(async (engine, home) => {
    for (const kind of [folder, zip, pmtiles]) {
      const out = `${home}/x${kind.endings[0]}`;
      const stop = new AbortController();
      let written = 0;
      const tick = () => ++written === 20 && stop.abort();
      await assertRejects(
        () => write(engine, kind, out, { signal: stop.signal, tick }),
        DOMException,
      );
      await assertRejects(
        () => write(engine, kind, out, { query: "colormap=viridis" }),
        BadRequest,
        'query was "" and is "colormap=viridis"',
      );
      const { total, done } = await write(engine, kind, out);
      assert(done >= 20 && done < total, `${done} of ${total}`);
      await assertRejects(() => write(engine, kind, out), BadRequest, "is there already");
      assertEquals((await write(engine, kind, out, { force: true })).done, 0);
    }
  }));

Deno.test("a model that changes meanwhile leaves no export of either version", () =>
  withModel(async (engine, home) => {
    const path = `${home}/model.safetensors`, out = `${home}/x.zip`;
    const before = engine.model("model").version;
    let written = 0;
    const tick = () => {
      if (++written !== 5) return;
      const bytes = Deno.readFileSync(path);
      bytes[bytes.length - 1]! ^= 1;
      Deno.writeFileSync(`${path}.new`, bytes);
      Deno.renameSync(`${path}.new`, path);
    };
    await assertRejects(() => write(engine, zip, out, { tick }), Changed);
    assertEquals([...Deno.readDirSync(home)].map(({ name }) => name).sort(), [
      "model.safetensors",
      "x.zip.part",
    ]);
    await reopened(engine, before);
    await assertRejects(() => write(engine, zip, out), BadRequest, "version was");
    await write(engine, zip, out, { force: true });
  }));

/** Until the model is there in another version. */
async function reopened(engine: Engine, before: string): Promise<void> {
  for (;;) {
    try {
      if (engine.model("model").version !== before) return;
    } catch (error) {
      if (!(error instanceof Changed)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test("what the disk refuses is said in a sentence", () =>
  withModel(async (engine, home) => {
    const full: Kind = {
      ...zip,
      open: (...args) => ({
        ...zip.open(...args),
        put: () => {
          throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        },
        close: () => {},
      }),
    };
    await assertRejects(
      () => write(engine, full, `${home}/x.zip`),
      OutOfSpace,
      `the disk is full: ${home}/x.zip is not finished`,
    );
    await write(engine, zip, `${home}/x.zip`);
    const lost = `${home}/nowhere/x.zip`;
    await assertRejects(() => write(engine, zip, lost), Unreadable, `${lost} cannot be written`);
    const beneath = `${home}/x.zip/y.dzi`;
    await assertRejects(() => write(engine, folder, beneath), Unreadable, "cannot be written");
  }));

Deno.test("a remote layer is exported as it is, not as it was estimated", () =>
  withModel(async (near, home) => {
    const bytes = await Deno.readFile(`${home}/model.safetensors`);
    await using server = await rangeServer({ "/far.safetensors": served(bytes) });
    const policy = { hosts: [], private: true };
    const address = `${server.origin}/far.safetensors`;
    const far = await createEngine([address], { workers: 2, remote: { policy } });
    try {
      for (const [engine, name] of [[near, "near"], [far, "far"]] as const) {
        await Deno.mkdir(`${home}/${name}`);
        await write(engine, pmtiles, `${home}/${name}/x.pmtiles`, { layer: "zeros" });
      }
      const [a, b] = await Promise.all(["near", "far"].map((name) => tilesOf(`${home}/${name}`)));
      assertEquals(a, b);
    } finally {
      await far.close();
    }
  }));

Deno.test("a tile that is an estimate, or of another version, is not exported", () =>
  withModel(async (engine, home) => {
    for (
      const [preliminary, words] of [[true, "is an estimate"], [false, "not the one"]] as const
    ) {
      const other = {
        models: () => engine.models(),
        view: (...args: Parameters<Engine["view"]>) => engine.view(...args),
        ticket: (address: Address) => engine.ticket(address),
        sheet: (addresses: readonly Address[]) => {
          const sheet = engine.sheet(addresses);
          const isFar = addresses.every(({ z }) => z < 2);
          return isFar ? sheet : { ...sheet, preliminary, immutable: false };
        },
      } as Engine;
      await assertRejects(() => write(other, zip, `${home}/x.zip`), Changed, words);
      assertEquals([...Deno.readDirSync(home)].length, 2); // the model, and a half
    }
  }));

Deno.test("only tiles that share what is read for them are drawn together", () =>
  withModel(async (engine, home) => {
    const largest = async (choice: Choice) => {
      let most = 0;
      const watched = {
        models: () => engine.models(),
        view: (...args: Parameters<Engine["view"]>) => engine.view(...args),
        ticket: (address: Address) => engine.ticket(address),
        sheet: (addresses: readonly Address[]) => {
          most = Math.max(most, addresses.length);
          return engine.sheet(addresses);
        },
      } as Engine;
      await write(watched, zip, `${home}/x.zip`, { ...choice, force: true });
      return most;
    };
    assertEquals(await largest({ layer: "zeros" }), 2);
    assertEquals(await largest({ layer: "zeros", image: "webp" }), 1);
    assertEquals(await largest({ layer: "_", mode: "map" }), 1);
  }));

async function tilesOf(folder: string): Promise<(ArrayBuffer | undefined)[]> {
  const tiles: (ArrayBuffer | undefined)[] = [];
  await withArchive(`${folder}/x.pmtiles`, async (archive) => {
    for (const [z, x, y] of [[0, 0, 0], [1, 0, 1], [3, 0, 0], [3, 4, 5]] as const) {
      tiles.push((await archive.getZxy(z, x, y))?.data);
    }
  });
  return tiles;
}
