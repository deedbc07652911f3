import { assert, assertEquals, assertThrows } from "@std/assert";
import { crc32 } from "node:zlib";
import { BadRequest } from "../../../src/errors.ts";
import { tileName } from "../../../src/tile/export/deep_zoom.ts";
import { batches } from "../../../src/tile/export/batches.ts";
import type { Grid, Spot } from "../../../src/tile/export/grid.ts";
import { pump } from "../../../src/tile/export/pump.ts";
import type { Kind, Picture } from "../../../src/tile/export/sink.ts";
import { folder } from "../../../src/tile/export/folder.ts";
import { pmtiles } from "../../../src/tile/export/pmtiles.ts";
import { Workplace } from "../../../src/tile/export/workplace.ts";
import { zip } from "../../../src/tile/export/zip.ts";
import { localHeader, localHeaderLength } from "../../../src/tile/export/zip_records.ts";
import { withArchive } from "./archive.ts";
import { unzip } from "./unzip.ts";

const picture = (width: number, height: number): Picture => ({
  ...{ title: "a test", width, height, image: "png", facts: {} },
});

/** Writes a pyramid of made-up tiles; `stopAt` has it fail before that tile is drawn. */
async function write(
  kind: Kind,
  out: string,
  width: number,
  height: number,
  z: number,
  tile: (spot: Spot) => Uint8Array,
  stopAt = Infinity,
): Promise<Grid> {
  const grid = kind.grid(width, height, z);
  const work = new Workplace(out, { width, height }, false);
  const sink = kind.open(out, work, grid, picture(width, height));
  try {
    const draw = (spots: readonly Spot[]) =>
      spots.every(({ index }) => index < stopAt)
        ? Promise.resolve(spots.map((spot) => tile(spot).slice()))
        : Promise.reject(new Error("stopped"));
    const signal = new AbortController().signal;
    const together = batches(grid.spots(work.journal.count), z - 1);
    await pump(together, draw, sink, work.journal, { atOnce: 3, signal, tick: () => {} });
    sink.end();
    work.clear();
  } finally {
    sink.close();
    work.close();
  }
  return grid;
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** One byte, which few tiles share. */
const small = ({ index }: Spot) => Uint8Array.of(index % 251);

Deno.test("a zip file holds more members than 16 bits can count", () =>
  inFolder(async (folder) => {
    const out = `${folder}/many.zip`;
    const grid = await write(zip, out, 60000, 60000, 8, small);
    assert(grid.count > 65536, String(grid.count));
    const nameOf = (spot: Spot) => `many/many_files/${tileName(spot, picture(1, 1))}`;
    const some = [...grid.spots(0)].filter(({ index }) => index % 97 === 0 || index > 74000);
    const wanted = new Set(some.map(nameOf));
    const members = await unzip(out, (name) => wanted.has(name));
    assertEquals(members.size, grid.count + 1);
    for (const spot of some) {
      const name = nameOf(spot);
      assertEquals(members.get(name), small(spot), name);
    }
  }));

Deno.test("a zip file goes on beyond 4 GiB", () =>
  inFolder(async (folder) => {
    const out = `${folder}/large.zip`;
    const grid = zip.grid(300, 300, 1);
    const work = new Workplace(out, {}, false);
    // As if the first tile lay behind 5 GiB of others; the file has a hole there.
    const offset = 5 * 2 ** 30, first = [...grid.spots(0)][0]!;
    const name = `large/large_files/${tileName(first, picture(300, 300))}`;
    const member = { name, length: 1, sum: crc32(Uint8Array.of(7)) };
    using data = Deno.openSync(work.path("data"), { write: true, createNew: true });
    const sink = zip.open(out, work, grid, picture(300, 300)); // writes the descriptor
    sink.close();
    data.seekSync(offset - localHeaderLength(name), Deno.SeekMode.Start);
    data.writeSync(localHeader(member));
    data.writeSync(Uint8Array.of(7));
    work.journal.append({ ...member, offset });
    work.close();
    const again = new Workplace(out, {}, false);
    const rest = zip.open(out, again, grid, picture(300, 300));
    for (const spot of grid.spots(1)) again.journal.append(await rest.put(spot, small(spot)));
    rest.end();
    rest.close();
    again.close();
    assert(Deno.statSync(out).size > offset);
    const members = await unzip(out);
    assertEquals(members.size, grid.count + 1);
    assertEquals(members.get(name), Uint8Array.of(7));
    for (const spot of grid.spots(1)) {
      const name = `large/large_files/${tileName(spot, picture(300, 300))}`;
      assertEquals(members.get(name), small(spot), name);
    }
  }));

Deno.test("a PMTiles archive of leaf directories has every tile", () =>
  inFolder(async (folder) => {
    const out = `${folder}/many.pmtiles`;
    const tile = ({ index }: Spot) => new TextEncoder().encode(`${index * 7919 % 60013}`);
    const grid = await write(pmtiles, out, 60000, 41000, 8, tile);
    await withArchive(out, async (archive) => {
      const header = await archive.getHeader();
      assertEquals(header.numAddressedTiles, grid.count);
      assertEquals(header.clustered, true);
      assert(header.leafDirectoryLength! > 0);
      assert(header.rootDirectoryLength <= 16384 - 127);
      for (const spot of grid.spots(0)) {
        if (spot.index % 97 !== 0 && spot.index < grid.count - 300) continue;
        const found = await archive.getZxy(spot.level, spot.x, spot.y);
        assertEquals(found && new Uint8Array(found.data), tile(spot), JSON.stringify(spot));
      }
      assertEquals(await archive.getZxy(8, 255, 255), undefined);
    });
  }));

Deno.test("equal tiles are one in a PMTiles archive, and neighbours one run", () =>
  inFolder(async (folder) => {
    const out = `${folder}/equal.pmtiles`;
    const two = ({ level, x }: Spot) => Uint8Array.of(level === 5 && x === 9 ? 2 : 1, 5);
    const grid = await write(pmtiles, out, 8192, 5000, 5, two);
    await withArchive(out, async (archive) => {
      const header = await archive.getHeader();
      assertEquals(header.numTileContents, 2);
      assertEquals(header.tileDataLength, 4);
      assert(header.numTileEntries < 64, `${header.numTileEntries} runs`);
      for (const spot of grid.spots(0)) {
        const found = await archive.getZxy(spot.level, spot.x, spot.y);
        assertEquals(new Uint8Array(found!.data), two(spot));
      }
      // Runs do not go on over numbers of tiles that lie outside.
      for (let y = 20; y < 32; y++) {
        for (let x = 0; x < 32; x++) assertEquals(await archive.getZxy(5, x, y), undefined);
      }
    });
  }));

Deno.test("tiles with one length and checksum are told apart", () =>
  inFolder(async (home) => {
    // CRC-32 is linear: a pattern whose checksum is that of zeros, xored onto anything.
    const [a, b] = [new Uint8Array(9), Uint8Array.of(...collision(), 0, 0, 0, 0)];
    assertEquals(crc32(a), crc32(b));
    const tile = ({ index }: Spot) => index % 2 === 0 ? a : b;
    const grid = await write(pmtiles, `${home}/c.pmtiles`, 1024, 1024, 2, tile);
    await withArchive(`${home}/c.pmtiles`, async (archive) => {
      for (const { index, level, x, y } of grid.spots(0)) {
        const found = await archive.getZxy(level, x, y);
        assertEquals(new Uint8Array(found!.data), index % 2 === 0 ? a : b);
      }
    });
    const levels = await write(folder, `${home}/c.dzi`, 1024, 1024, 2, tile);
    for (const spot of levels.spots(0)) {
      const found = Deno.readFileSync(`${home}/c_files/${tileName(spot, picture(1, 1))}`);
      assertEquals(found, spot.index % 2 === 0 ? a : b);
    }
  }));

/** Five bytes after whose CRC-32 zeros end as after five zeros: the polynomial itself. */
function collision(): Uint8Array {
  const bytes = new Uint8Array(5);
  // x³² + …: 33 bits, the highest power first; CRC-32 takes bits from the low end of a byte.
  const bits = (1n << 32n) | 0x04c11db7n;
  for (let i = 0; i < 33; i++) {
    if ((bits >> BigInt(32 - i)) & 1n) bytes[i >> 3]! |= 1 << (i & 7);
  }
  return bytes;
}

Deno.test("equal tiles of a Deep Zoom folder are links to one file", () =>
  inFolder(async (home) => {
    const grid = await write(folder, `${home}/e.dzi`, 2048, 2048, 3, () => Uint8Array.of(1, 2, 3));
    const inodes = new Set<number | null>();
    for (const spot of grid.spots(0)) {
      const path = `${home}/e_files/${tileName(spot, picture(1, 1))}`;
      assertEquals(Deno.readFileSync(path), Uint8Array.of(1, 2, 3));
      inodes.add(Deno.statSync(path).ino);
    }
    assertEquals(inodes.size, 1);
    assertEquals([...Deno.readDirSync(home)].map(({ name }) => name).sort(), ["e.dzi", "e_files"]);
  }));

for (const kind of [folder, zip, pmtiles]) {
  Deno.test(`a ${kind.name} that stops anywhere goes on to what it would have been`, () =>
    inFolder(async (home) => {
      const ending = kind.endings[0]!;
      const few = ({ index }: Spot) => Uint8Array.of(index % 5, 1);
      const whole = `${home}/whole/t${ending}`, parts = `${home}/parts/t${ending}`;
      Deno.mkdirSync(`${home}/whole`);
      Deno.mkdirSync(`${home}/parts`);
      const { count } = await write(kind, whole, 1500, 900, 3, few);
      let drawn = 0;
      const counted = (spot: Spot) => {
        drawn++;
        return few(spot);
      };
      const attempts = Math.ceil(count / 10);
      for (let stop = 10; stop < count; stop += 10) {
        await write(kind, parts, 1500, 900, 3, counted, stop).catch(({ message }) =>
          assertEquals(message, "stopped")
        );
        assertEquals([...Deno.readDirSync(`${home}/parts`)].map(({ name }) => name), [
          `t${ending}.part`,
        ]);
      }
      await write(kind, parts, 1500, 900, 3, counted);
      assertEquals(contents(`${home}/parts`), contents(`${home}/whole`));
      // Tiles in the journal are not drawn again: only those on their way when it stopped.
      assert(drawn <= count + attempts * 24, `${drawn} drawn for ${count}`);
    }));
}

/** Every file below a folder. */
function contents(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    for (const { name, isDirectory } of [...Deno.readDirSync(path)]) {
      if (isDirectory) visit(`${path}/${name}`);
      else {found.set(
          `${path}/${name}`.slice(folder.length),
          String(Deno.readFileSync(`${path}/${name}`)),
        );}
    }
  };
  visit(folder);
  return new Map([...found].sort());
}

Deno.test("two exports to one place do not meet", () =>
  inFolder((home) => {
    const out = `${home}/x.zip`;
    const first = new Workplace(out, { tag: "a" }, false);
    assertThrows(() => new Workplace(out, { tag: "a" }, true), BadRequest, "another process");
    first.close();
    assertThrows(
      () => new Workplace(out, { tag: "b", z: 1 }, false),
      BadRequest,
      'tag was "a" and is "b", z was undefined and is 1; --force',
    );
    new Workplace(out, { tag: "b" }, true).close();
    Deno.writeTextFileSync(`${out}.part/manifest.json`, "{");
    assertThrows(() => new Workplace(out, { tag: "b" }, false), BadRequest, "--force begins anew");
    return Promise.resolve();
  }));

Deno.test("a half whose tiles were taken away begins anew", () =>
  inFolder(async (home) => {
    for (const kind of [folder, zip, pmtiles]) {
      const out = `${home}/x${kind.endings[0]}`;
      await write(kind, out, 1500, 900, 3, small, 30).catch(() => {});
      const data = kind === folder ? "files" : "data";
      await Deno.remove(`${out}.part/${data}`, { recursive: true });
      const drawn = new Set<number>();
      const grid = await write(kind, out, 1500, 900, 3, (spot) => {
        drawn.add(spot.index);
        return small(spot);
      });
      assertEquals(drawn.size, grid.count);
    }
  }));
