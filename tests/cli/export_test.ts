import { assert, assertEquals, assertMatch } from "@std/assert";
import { fingerprint } from "../../src/storage/version.ts";
import { safetensorsFile } from "../formats/build.ts";
import { modelFile, served } from "../routes/served.ts";
import { withArchive } from "../tile/export/archive.ts";
import { unzip } from "../tile/export/unzip.ts";

import { command, run, withFile } from "./run.ts";

/** Levels of a plane of 900 × 700 cells, and their columns and rows. */
const levels = Array.from({ length: 11 }, (_, level) => {
  const side = 256 * 2 ** (10 - level);
  return { level, columns: Math.ceil(900 / side), rows: Math.ceil(700 / side) };
});
const deepZoom = levels.flatMap(({ level, columns, rows }) =>
  Array.from({ length: columns * rows }, (_, i) => {
    return `${level}/${i % columns}_${Math.floor(i / columns)}`;
  })
);

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("export writes the tiles that the server answers", () =>
  served(({ get, path }) =>
    inFolder(async (folder) => {
      const query = "?colormap=magma";
      const tile = async (url: string) => await (await get(url + query)).bytes();
      const write = async (file: string, ...rest: string[]) => {
        const args = ["export", path, "matrix", "--param", "colormap=magma", "-o", file, ...rest];
        assertEquals(await run(...args), { code: 0, stdout: "", stderr: "" });
      };
      await write(`${folder}/m.dzi`);
      await write(`${folder}/m.zip`);
      await write(`${folder}/m.szi`);
      const members = await unzip(`${folder}/m.zip`);
      assertEquals(await unzip(`${folder}/m.szi`), members);
      const descriptor = await tile("/dzi/model/matrix/weights.dzi");
      assertEquals(await Deno.readFile(`${folder}/m.dzi`), descriptor);
      assertEquals(members.get("m/m.dzi"), descriptor);
      assertEquals(members.size, deepZoom.length + 1);
      for (const place of deepZoom) {
        const expected = await tile(`/dzi/model/matrix/weights_files/${place}.png`);
        assertEquals(await Deno.readFile(`${folder}/m_files/${place}.png`), expected);
        assertEquals(members.get(`m/m_files/${place}.png`), expected);
      }
      for (const image of ["png", "webp"]) {
        const file = `${folder}/${image}.pmtiles`;
        await write(file, "--image", image);
        await withArchive(file, async (archive) => {
          const header = await archive.getHeader();
          assertEquals([header.minZoom, header.maxZoom, header.numAddressedTiles], [0, 2, 17]);
          for (
            const [z, x, y] of [[0, 0, 0], [1, 1, 1], [2, 3, 2], [2, 0, 0], [2, 2, 1]] as const
          ) {
            const found = await archive.getZxy(z, x, y);
            const expected = await tile(`/tiles/model/matrix/weights/${z}/${x}/${y}.${image}`);
            assertEquals(new Uint8Array(found!.data), expected);
          }
        });
      }
      const picture = ["matrix", "--plane", "--param", "colormap=magma", "-o"];
      await write(`${folder}/m.png`);
      assertEquals((await run("render", path, ...picture, `${folder}/r.png`)).code, 0);
      assertEquals(Deno.readFileSync(`${folder}/m.png`), Deno.readFileSync(`${folder}/r.png`));
    })
  ));

Deno.test("an export that is killed at any moment goes on to what it would have been", () =>
  inFolder(async (folder) => {
    const model = `${folder}/model.safetensors`;
    await bf16Matrix(model, 4096);
    const args = (out: string) => ["export", model, "matrix", "--workers", "1", "-o", out];
    for (const ending of ["dzi", "zip", "pmtiles"]) {
      for (const place of ["whole", "parts"]) {
        await Deno.mkdir(`${folder}/${ending}/${place}`, { recursive: true });
      }
      assertEquals((await run(...args(`${folder}/${ending}/whole/t.${ending}`))).code, 0);
      const out = `${folder}/${ending}/parts/t.${ending}`;
      let before = 0;
      for (const tiles of [1, 60, 130, 250]) {
        const child = command(...args(out)).spawn();
        await written(out, tiles);
        child.kill("SIGKILL");
        await child.output();
        const after = journalOf(out);
        assert(after >= before && after >= tiles, `${after} tiles after ${before}`);
        assertEquals([...Deno.readDirSync(`${folder}/${ending}/parts`)].length, 1);
        before = after;
      }
      assertEquals((await run(...args(out))).code, 0);
      assertEquals(contents(`${folder}/${ending}/parts`), contents(`${folder}/${ending}/whole`));
    }
  }));

/** Noise, so that tiles differ and take their time. */
async function bf16Matrix(path: string, side: number): Promise<void> {
  const values = Uint16Array.from({ length: side * side }, (_, i) => {
    return 0x3c00 + (Math.imul(i, 2654435761) >>> 23);
  });
  const entry = { dtype: "BF16", shape: [side, side], data_offsets: [0, values.byteLength] };
  await Deno.writeFile(path, safetensorsFile({ matrix: entry }, new Uint8Array(values.buffer)));
}

/** Tiles in the journal of an export under way. */
function journalOf(out: string): number {
  try {
    return Math.floor(Deno.statSync(`${out}.part/journal`).size / 16);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Until so many tiles are written. */
async function written(out: string, tiles: number): Promise<void> {
  for (let i = 0; i < 10_000 && journalOf(out) < tiles; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert(journalOf(out) >= tiles, `${journalOf(out)} of ${tiles} tiles were written in time`);
}

/** The sums of all files below a folder, by their names. */
function contents(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      const inner = `${path}/${name}`;
      if (isDirectory) visit(inner);
      else found.set(inner.slice(folder.length), fingerprint(Deno.readFileSync(inner)));
    }
  };
  visit(folder);
  return new Map([...found].sort());
}

Deno.test("Ctrl-C ends an export with 130, and the same command goes on", () =>
  inFolder(async (folder) => {
    const model = `${folder}/model.safetensors`, out = `${folder}/t.pmtiles`;
    await bf16Matrix(model, 4096);
    const args = ["export", model, "matrix", "--workers", "1", "-o", out];
    const child = command(...args).spawn();
    await written(out, 20);
    child.kill("SIGINT");
    assertEquals((await child.output()).code, 130);
    assert(journalOf(out) >= 20);
    assertEquals((await run(...args)).code, 0);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "model.safetensors",
      "t.pmtiles",
    ]);
  }));

Deno.test("export says what it does not understand", () =>
  withFile(modelFile(), async (path, folder) => {
    const refused = async (code: number, words: RegExp, ...args: string[]) => {
      const answer = await run("export", path, ...args);
      assertMatch(answer.stderr, words);
      assertEquals([answer.code, answer.stdout], [code, ""]);
      assertEquals([...Deno.readDirSync(folder)].length, 1);
    };
    const o = (name: string) => ["matrix", "-o", `${folder}/${name}`];
    await refused(2, /does not end in one of \.dzi, \.zip, \.szi, \.pmtiles, \.png/, ...o("x.tif"));
    await refused(2, /--format tar is not one of dzi, zip/, ...o("x.dzi"), "--format", "tar");
    await refused(2, /--image gif is not one of png, webp/, ...o("x.dzi"), "--image", "gif");
    await refused(2, /--image webp has no meaning/, ...o("x.png"), "--image", "webp");
    await refused(2, /-o OUT is missing/, "matrix");
    await refused(2, /there is no zoom 40/, ...o("x.zip"), "--z", "40");
    await refused(2, /transparency/, ...o("x.zip"), "--mode", "stats", "--image", "jpg");
    await refused(1, /no layer or tensor "nothing"/, "nothing", "-o", `${folder}/x.dzi`);
    await refused(1, /there is no mode "haze"/, ...o("x.dzi"), "--mode", "haze");
    await refused(2, /colormap/, ...o("x.dzi"), "--param", "colormap=haze");
    await refused(1, /nowhere\/x\.dzi cannot be written/, ...o("nowhere/x.dzi"));
    await Deno.writeTextFile(path.replace("model.safetensors", "m.png"), "");
    const { code, stderr } = await run("export", path, "matrix", "-o", `${folder}/m.png`);
    assertEquals(code, 2);
    assertMatch(stderr, /m\.png is there already; --force replaces it/);
  }));

Deno.test("names that a path could trip over are exported like others", () =>
  withFile(modelFile(), async (path, folder) => {
    for (const layer of ["a/b.weight", "ends_files", "space and ünïcode ✓", "a%2Fb"]) {
      const out = `${folder}/${encodeURIComponent(layer)} ✓.zip`;
      const { code, stderr } = await run("export", path, layer, "-o", out);
      assertEquals([code, stderr], [0, ""]);
      assert(
        (await unzip(out)).has(`${encodeURIComponent(layer)} ✓/${encodeURIComponent(layer)} ✓.dzi`),
      );
    }
  }));

Deno.test("export writes a volume no larger than a screen unless asked, at the step of a capture", () =>
  inFolder(async (folder) => {
    const write = async (name: string, ...more: readonly string[]) => {
      const out = `${folder}/${name}.dzi`;
      const { code, stderr } = await run(
        "export",
        "fixtures/captures/digits-cnn",
        ...more,
        "-o",
        out,
      );
      assertEquals(code, 0, stderr);
      return `${folder}/${name}_files`;
    };
    const volume = await write("volume", "act/conv3", "-m", "voxels");
    const depths = [...Deno.readDirSync(volume)].map(({ name }) => Number(name));
    assertEquals(Math.max(...depths), 10); // 2^10 pixels
    const [early, late] = await Promise.all([0, 400].map(async (step) => {
      const files = await write(
        `step${step}`,
        "conv3",
        "-m",
        "gradients",
        "--param",
        `step=${step}`,
      );
      return await Deno.readFile(`${files}/6/0_0.png`);
    }));
    assert(fingerprint(early!) !== fingerprint(late!));
  }));
