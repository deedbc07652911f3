import type { Dtype } from "../../formats/format.ts";
import { type Image, images } from "./images.ts";
import { fileSide, type StoredLevel, storedLevels, type StoredPyramid } from "./levels.ts";

// What Zarr v3 and OME-NGFF 0.5 say of a store: https://zarr-specs.readthedocs.io/en/latest/v3/core
// and https://ngff.openmicroscopy.org/0.5.

/** Of the folders' and files' layout; another number is another store. */
export const FORMAT = 1;

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

/** A layer's group, last, after its images and their arrays. */
export function layerDocuments(
  { name, dtype, shape }: StoredLayer,
  pyramid: StoredPyramid,
): Document[] {
  const { base, width, height } = pyramid;
  const levels = storedLevels(pyramid);
  const documents = images.flatMap((image) => {
    const own = levels.slice(image.skipped);
    const figures = { figures: image.fields };
    return [
      ...own.map((level) => document(`${image.name}/${level.log2}`, array(image, level))),
      document(image.name, group({ ome: ome(image, own, ""), synaptile: figures })),
    ];
  });
  const synaptile = { version: FORMAT, name, dtype, shape, width, height, base };
  // Who opens the layer finds its means.
  const means = ome(images[0]!, levels, `${images[0]!.name}/`);
  return [...documents, document(".", group({ ome: means, synaptile }))];
}

const document = (folder: string, content: unknown): Document => ({
  folder,
  text: JSON.stringify(content, null, 1) + "\n",
});

const group = (attributes: unknown) => ({ zarr_format: 3, node_type: "group", attributes });

function array(image: Image, level: StoredLevel) {
  const { width, height, log2 } = level;
  const channels = image.fields.length;
  const fill = image.fill(log2);
  // An empty layer has no blocks, but a chunk must have a size.
  const chunk = [Math.max(1, fileSide(height)), Math.max(1, fileSide(width))];
  return {
    zarr_format: 3,
    node_type: "array",
    shape: channels > 1 ? [channels, height, width] : [height, width],
    data_type: image.dtype,
    chunk_grid: {
      name: "regular",
      configuration: { chunk_shape: channels > 1 ? [1, ...chunk] : chunk },
    },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: Number.isNaN(fill) ? "NaN" : fill,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
    dimension_names: axesOf(image).map(({ name }) => name),
    attributes: {},
  };
}

const plane = [{ name: "y", type: "space" }, { name: "x", type: "space" }];
const axesOf = ({ fields }: Image) =>
  fields.length > 1 ? [{ name: "c", type: "channel" }, ...plane] : plane;

function ome(image: Image, levels: readonly StoredLevel[], prefix: string) {
  const all = (channel: number, cells: number) =>
    axesOf(image).map(({ type }) => type === "channel" ? channel : cells);
  const datasets = levels.map(({ log2 }) => ({
    path: `${prefix}${log2}`,
    // In cells; an entry stands at the middle of its block.
    coordinateTransformations: [
      { type: "scale", scale: all(1, 2 ** log2) },
      { type: "translation", translation: all(0, (2 ** log2 - 1) / 2) },
    ],
  }));
  const { name, about } = image;
  const metadata = { description: about };
  return {
    version: "0.5",
    multiscales: [{ name, axes: axesOf(image), datasets, type: name, metadata }],
  };
}
