import { assert, assertEquals } from "@std/assert";
import * as zarr from "zarrita";
import { type Image, images as imagesByName } from "../../../src/field/store/images.ts";
import { ModelStore, storedLevels } from "../../../src/field/store.ts";
import { crc32c } from "../../../src/storage/crc32c.ts";
import { inFolder } from "../../storage/folder.ts";
import { contentOf, filesIn, someStats, writeLevel } from "./stats.ts";

const images: readonly Image[] = Object.values(imagesByName);

/** A folder as zarrita asks for it. */
const folderStore = (folder: string) => {
  const get = async (key: string) => {
    return await Deno.readFile(folder + key).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
  };
  return {
    get,
    async getRange(key: string, range: zarr.RangeQuery) {
      const bytes = await get(key);
      if ("suffixLength" in range) return bytes?.slice(-range.suffixLength);
      return bytes?.slice(range.offset, range.offset + range.length);
    },
  };
};

interface Multiscale {
  name: string;
  metadata: { channels: string[] };
  axes: { name: string; type: string }[];
  datasets: { path: string; coordinateTransformations: { type: string }[] }[];
}

// Levels of one file and of several, of one chunk and of many, evenly cut and ragged ones.
for (
  const [width, height, runsDown] of [
    [5120, 3000, false],
    [4096, 8192, false],
    [9001, 16_500, false],
    [16_500, 9001, true],
    [17, 3, false],
  ] as const
) {
  Deno.test(`another reader finds every figure of ${width} × ${height} cells, through the metadata alone`, () =>
    inFolder(async (root) => {
      const store = ModelStore.open(root, contentOf(width, height, "BF16", runsDown));
      const pyramid = store.layer(0);
      const cells = (log2: number, x: number, y: number) =>
        Math.min(2 ** log2, width - x * 2 ** log2) * Math.min(2 ** log2, height - y * 2 ** log2);
      const written = new Map(
        storedLevels(pyramid).map(({ log2, width, height }) => {
          const stats = someStats(width, height, log2);
          // As almost everywhere: chunks that are left out.
          for (const field of ["zero", "nan", "infinite"] as const) stats[field].fill(0);
          stats.count.forEach((_, i) =>
            stats.count[i] = cells(log2, i % width, Math.floor(i / width))
          );
          stats.count[stats.count.length - 1]! -= 2;
          if (width > 300) {
            for (let y = 0; y < Math.min(height, 70); y++) {
              stats.mean.fill(NaN, y * width, y * width + 300);
            }
          }
          writeLevel(pyramid, log2, stats);
          return [log2, stats];
        }),
      );
      store.describe(0);

      const zarrFolder = `${store.folder}/pyramids.zarr`;
      const home = zarr.root(folderStore(zarrFolder));
      const rootGroup = await zarr.open.v3(home, { kind: "group" });
      assertEquals(rootGroup.attrs.synaptile, {
        ...{ version: 3, key: "some content", title: "a model", format: "safetensors", layers: 1 },
      });
      await zarr.open.v3(home.resolve("layers"), { kind: "group" });
      const layer = await zarr.open.v3(home.resolve("layers/000000"), { kind: "group" });
      assertEquals(layer.attrs.synaptile, {
        version: 3,
        ...{ name: "../../a \u0000 layer", dtype: "BF16", shape: [height, width], width, height },
        base: 3,
      });

      const { version, multiscales } = layer.attrs.ome as {
        version: string;
        multiscales: Multiscale[];
      };
      assertEquals(version, "0.5");
      assertEquals(multiscales.map(({ name }) => name), images.map(({ name }) => name));
      for (const [i, image] of images.entries()) {
        const { axes, datasets, metadata } = multiscales[i]!;
        assertEquals(metadata.channels.length, image.fields.length);
        const levels = storedLevels(pyramid).filter(({ hasStats }) => i === 0 || hasStats);
        assertEquals(datasets.length, levels.length);
        for (const { path, coordinateTransformations } of datasets) {
          const log2 = Number(path.split("_")[1]), middle = (2 ** log2 - 1) / 2;
          const stats = written.get(log2)!;
          const channels = image.fields.length > 1;
          assertEquals(coordinateTransformations, [
            { type: "scale", scale: [...(channels ? [1] : []), 2 ** log2, 2 ** log2] },
            { type: "translation", translation: [...(channels ? [0] : []), middle, middle] },
          ] as unknown as { type: string }[]);
          const array = await zarr.open.v3(layer.resolve(path), { kind: "array" });
          assertEquals(array.dimensionNames, axes.map(({ name }) => name));
          assertEquals(array.dtype, image.dtype);
          const plane = [stats.height, stats.width];
          assertEquals(array.shape, channels ? [image.fields.length, ...plane] : plane);
          const { data } = await zarr.get(array);
          const n = stats.width * stats.height;
          image.fields.forEach((field, channel) => {
            const found = (data as Float32Array).subarray(channel * n, (channel + 1) * n);
            const is = (value: number, i: number) =>
              field === "count"
                ? cells(log2, i % stats.width, Math.floor(i / stats.width)) - value
                : value;
            const wrong = found.findIndex((value, i) => !Object.is(is(value, i), stats[field][i]));
            assert(wrong < 0, `${field} ${wrong}: ${found[wrong]}, not ${stats[field][wrong]}`);
          });
        }
      }
      const { codecs, fill_value, data_type, chunk_key_encoding } = JSON.parse(
        Deno.readTextFileSync(`${zarrFolder}/layers/000000/counts_4/zarr.json`),
      );
      const { chunk } = storedLevels(pyramid)[1]!;
      const inner = [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }];
      assertEquals({ codecs, fill_value, data_type, chunk_key_encoding }, {
        codecs: [{
          name: "sharding_indexed",
          configuration: {
            chunk_shape: [1, chunk.height, chunk.width],
            ...{ codecs: inner, index_codecs: inner, index_location: "end" },
          },
        }],
        ...{ fill_value: 0, data_type: "uint32" },
        chunk_key_encoding: { name: "default", configuration: { separator: "." } },
      });
      // That reader takes checksums off without looking at them.
      for (const path of filesIn(pyramid.folder)) {
        if (!path.endsWith(".json")) checkSums(`${pyramid.folder}/${path}`);
      }
      store.close();
    }));
}

/** Throws unless a shard's chunks, and the index of them that it ends in, end in their checksums. */
function checkSums(path: string): void {
  const { chunk_grid, codecs } = JSON.parse(
    Deno.readTextFileSync(`${path.slice(0, path.lastIndexOf("/"))}/zarr.json`),
  );
  const inner: number[] = codecs[0].configuration.chunk_shape;
  const outer: number[] = chunk_grid.configuration.chunk_shape;
  const count = outer.reduce((product, side, axis) => product * side / inner[axis]!, 1);
  const bytes = Deno.readFileSync(path), view = new DataView(bytes.buffer);
  const check = (start: number, end: number) =>
    assertEquals(view.getUint32(end - 4, true), crc32c(bytes.subarray(start, end - 4)), path);
  const index = bytes.length - count * 16 - 4;
  check(index, bytes.length);
  let chunks = 0;
  for (let entry = index; entry < bytes.length - 4; entry += 16) {
    const [offset, length] = [view.getBigUint64(entry, true), view.getBigUint64(entry + 8, true)];
    if (offset === 2n ** 64n - 1n) continue;
    check(Number(offset), Number(offset + length));
    chunks += Number(length);
  }
  assertEquals(chunks, index, path);
}

Deno.test("a layer's own multiscale leads to its means", () =>
  inFolder(async (root) => {
    const store = ModelStore.open(root, contentOf(100, 50));
    store.describe(0);
    const home = zarr.root(folderStore(`${store.folder}/pyramids.zarr`));
    const layer = await zarr.open.v3(home.resolve("layers/000000"), { kind: "group" });
    const [{ datasets }] = (layer.attrs.ome as { multiscales: [Multiscale] }).multiscales;
    assertEquals(datasets.map(({ path }) => path), ["mean_3", "mean_4"]);
    for (const { path } of datasets) await zarr.open.v3(layer.resolve(path), { kind: "array" });
    store.close();
  }));
