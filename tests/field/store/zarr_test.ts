import { assert, assertEquals } from "@std/assert";
import * as zarr from "zarrita";
import { images } from "../../../src/field/store/images.ts";
import { CHUNK, ModelStore, storedLevels } from "../../../src/field/store.ts";
import { crc32c } from "../../../src/storage/crc32c.ts";
import { inFolder } from "../../storage/folder.ts";
import { contentOf, filesIn, someStats, writeLevel } from "./stats.ts";

/** A folder as zarrita asks for it. */
const folderStore = (folder: string) => ({
  async get(key: string) {
    return await Deno.readFile(folder + key).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
  },
});

interface Multiscale {
  axes: { name: string; type: string }[];
  datasets: { path: string; coordinateTransformations: { type: string }[] }[];
}

// A level of several files a chunk, one of whole chunks, ragged ones.
for (const [width, height] of [[5120, 3000], [4096, 8192], [17, 3]] as const) {
  Deno.test(`another reader finds every figure of ${width} × ${height} cells, through the metadata alone`, () =>
    inFolder(async (root) => {
      const store = ModelStore.open(root, contentOf(width, height));
      const pyramid = store.layer(0);
      const written = new Map(
        storedLevels(pyramid).map(({ log2, width, height }) => {
          const stats = someStats(width, height, log2);
          // As almost everywhere: chunks that are left out.
          for (const field of ["zero", "nan", "infinite"] as const) stats[field].fill(0);
          stats.count.fill(4 ** log2);
          stats.count[stats.count.length - 1] = 3;
          if (width > CHUNK) {
            for (let y = 0; y < Math.min(height, CHUNK); y++) {
              stats.mean.fill(NaN, y * width, y * width + CHUNK);
            }
          }
          writeLevel(pyramid, log2, stats);
          return [log2, stats];
        }),
      );
      store.writeRecord(0, {});

      const zarrFolder = `${store.folder}/pyramids.zarr`;
      const home = zarr.root(folderStore(zarrFolder));
      const rootGroup = await zarr.open.v3(home, { kind: "group" });
      assertEquals(rootGroup.attrs.synaptile, {
        ...{ version: 1, key: "some content", title: "a model", format: "safetensors", layers: 1 },
      });
      await zarr.open.v3(home.resolve("layers"), { kind: "group" });
      const layer = await zarr.open.v3(home.resolve("layers/000000"), { kind: "group" });
      assertEquals(layer.attrs.synaptile, {
        version: 1,
        ...{ name: "../../a \u0000 layer", dtype: "BF16", shape: [height, width], width, height },
        base: 3,
      });

      for (const image of images) {
        const group = await zarr.open.v3(layer.resolve(image.name), { kind: "group" });
        assertEquals(group.attrs.synaptile, { figures: [...image.fields] });
        const ome = group.attrs.ome as { version: string; multiscales: Multiscale[] };
        assertEquals(ome.version, "0.5");
        const [{ axes, datasets }] = ome.multiscales as [Multiscale];
        assertEquals(datasets.length, written.size - image.skipped);
        for (const { path, coordinateTransformations } of datasets) {
          const log2 = Number(path), middle = (2 ** log2 - 1) / 2;
          const stats = written.get(log2)!;
          const channels = image.fields.length > 1;
          assertEquals(coordinateTransformations, [
            { type: "scale", scale: [...(channels ? [1] : []), 2 ** log2, 2 ** log2] },
            { type: "translation", translation: [...(channels ? [0] : []), middle, middle] },
          ] as unknown as { type: string }[]);
          const array = await zarr.open.v3(group.resolve(path), { kind: "array" });
          assertEquals(array.dimensionNames, axes.map(({ name }) => name));
          assertEquals(array.dtype, image.dtype);
          const plane = [stats.height, stats.width];
          assertEquals(array.shape, channels ? [image.fields.length, ...plane] : plane);
          const { data } = await zarr.get(array);
          const n = stats.width * stats.height;
          image.fields.forEach((field, channel) => {
            const found = (data as Float32Array).subarray(channel * n, (channel + 1) * n);
            const wrong = found.findIndex((value, i) => !Object.is(value, stats[field][i]));
            assert(wrong < 0, `${field} ${wrong}: ${found[wrong]}, not ${stats[field][wrong]}`);
          });
        }
      }
      // Which that reader takes as given.
      const path = `${zarrFolder}/layers/000000/mean/3/zarr.json`;
      const { codecs, fill_value, data_type } = JSON.parse(Deno.readTextFileSync(path));
      assertEquals({ codecs, fill_value, data_type }, {
        codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
        ...{ fill_value: "NaN", data_type: "float32" },
      });
      const files = filesIn(`${zarrFolder}/layers/000000`).filter((path) => path.includes("/c/"));
      assert(files.every((path) => !/^counts\/\d+\/c\/[123]\//.test(path)), files.join("\n"));
      for (const { name } of images) {
        assert(files.some((path) => path.startsWith(`${name}/4/`)), name);
      }
      // That reader takes checksums off without looking at them.
      for (const path of files) {
        const bytes = Deno.readFileSync(`${zarrFolder}/layers/000000/${path}`);
        const sum = new DataView(bytes.buffer).getUint32(bytes.length - 4, true);
        assertEquals(sum, crc32c(bytes.subarray(0, -4)), path);
      }
      store.close();
    }));
}

Deno.test("a layer's own multiscale leads to its means", () =>
  inFolder(async (root) => {
    const store = ModelStore.open(root, contentOf(100, 50));
    store.writeRecord(0, {});
    const home = zarr.root(folderStore(`${store.folder}/pyramids.zarr`));
    const layer = await zarr.open.v3(home.resolve("layers/000000"), { kind: "group" });
    const [{ datasets }] = (layer.attrs.ome as { multiscales: [Multiscale] }).multiscales;
    assertEquals(datasets.map(({ path }) => path), ["mean/3", "mean/4"]);
    for (const { path } of datasets) await zarr.open.v3(layer.resolve(path), { kind: "array" });
    store.close();
  }));
