import type { Dtype } from "../../formats/format.ts";
import { channelName, type Image, images } from "./images.ts";
import { type StoredLevel, storedLevels, type StoredPyramid } from "./levels.ts";

// What Zarr v3 and OME-NGFF 0.5 say of a store: https://zarr-specs.readthedocs.io/en/latest/v3/core
// and https://ngff.openmicroscopy.org/0.5.

/** Of the folders' and files' layout; another number is another store. */
export const FORMAT = 3;

/** What a store is of. */
export interface StoreContent {
  /** Tells this content from any other: stores of the same key hold the same. */
  readonly key: string;
  readonly title: string;
  /** The format of the model's file. */
  readonly format: string;
  readonly layers: readonly StoredLayer[];
}

/** A tensor, and the plane of cells that it is looked at as. */
export interface StoredLayer {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly runsDown: boolean;
}

/** A metadata document and the folder, relative to the group described, that it belongs into. */
export interface Document {
  readonly folder: string;
  readonly text: string;
}

/** The root's group and the one that holds the layers. */
export function rootDocuments({ key, title, format, layers }: StoreContent): Document[] {
  const synaptile = { version: FORMAT, key, title, format, layers: layers.length };
  return [document("layers", group({})), document(".", group({ synaptile }))];
}

/** A layer's group, last, after the arrays of its images. */
export function layerDocuments(
  { name, dtype, shape }: StoredLayer,
  pyramid: StoredPyramid,
): Document[] {
  const { base, width, height } = pyramid;
  const levels = storedLevels(pyramid);
  const own = Object.values(images).map((image: Image) => ({
    image,
    levels: levels.filter(({ hasStats }) => hasStats || image.everywhere),
  }));
  const arrays = own.flatMap(({ image, levels }) =>
    levels.map((level) => document(arrayName(image, level.log2), array(image, level)))
  );
  const ome = {
    version: "0.5",
    // The means come first: who opens a layer finds them.
    multiscales: own.map(({ image, levels }) => multiscale(image, levels)),
  };
  const synaptile = { version: FORMAT, name, dtype, shape, width, height, base };
  return [...arrays, document(".", group({ ome, synaptile }))];
}

/** The folder of an image's array of a level, relative to its layer's group. */
export const arrayName = ({ name }: Image, log2: number): string => `${name}_${log2}`;

/** A shard's file, relative to its array's folder. */
export const shardName = ({ fields }: Image, x: number, y: number): string =>
  fields.length > 1 ? `c.0.${y}.${x}` : `c.${y}.${x}`;

const document = (folder: string, content: unknown): Document => ({
  folder,
  text: JSON.stringify(content, null, 1) + "\n",
});

const group = (attributes: unknown) => ({ zarr_format: 3, node_type: "group", attributes });

function array(image: Image, level: StoredLevel) {
  const { width, height, chunk, shard } = level;
  const channels = image.fields.length;
  const all = (own: number, height: number, width: number) =>
    channels > 1 ? [own, height, width] : [height, width];
  const checked = [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }];
  return {
    zarr_format: 3,
    node_type: "array",
    shape: all(channels, height, width),
    data_type: image.dtype,
    chunk_grid: {
      name: "regular",
      configuration: {
        chunk_shape: all(channels, shard.height * chunk.height, shard.width * chunk.width),
      },
    },
    chunk_key_encoding: { name: "default", configuration: { separator: "." } },
    fill_value: Number.isNaN(image.fill) ? "NaN" : image.fill,
    codecs: [{
      name: "sharding_indexed",
      configuration: {
        chunk_shape: all(1, chunk.height, chunk.width),
        codecs: checked,
        index_codecs: checked,
        index_location: "end",
      },
    }],
    dimension_names: axesOf(image).map(({ name }) => name),
    attributes: {},
  };
}

const plane = [{ name: "y", type: "space" }, { name: "x", type: "space" }];
const axesOf = ({ fields }: Image) =>
  fields.length > 1 ? [{ name: "c", type: "channel" }, ...plane] : plane;

function multiscale(image: Image, levels: readonly StoredLevel[]) {
  const all = (channel: number, cells: number) =>
    axesOf(image).map(({ type }) => type === "channel" ? channel : cells);
  const datasets = levels.map(({ log2 }) => ({
    path: arrayName(image, log2),
    // In cells; an entry stands at the middle of its block.
    coordinateTransformations: [
      { type: "scale", scale: all(1, 2 ** log2) },
      { type: "translation", translation: all(0, (2 ** log2 - 1) / 2) },
    ],
  }));
  const { name, about, fields } = image;
  const metadata = { description: about, channels: fields.map(channelName) };
  return { name, axes: axesOf(image), datasets, type: name, metadata };
}
