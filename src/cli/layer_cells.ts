import { BadRequest } from "../errors.ts";
import type { Cells } from "../field/automaton/training/target.ts";
import { fields } from "../modes/automaton_parameters.ts";
import type { RemoteOptions } from "../storage/remote.ts";
import { createEngine } from "../tile/engine.ts";
import { oneModel } from "./one.ts";

/** Zooms further out than those that tiles have, and than there are any. */
const OUTERMOST = -8;

/** A layer, and how it is looked at. */
export interface LayerPlace {
  readonly path: string;
  readonly layer: string;
  /** Pixels that either side has, at most. */
  readonly size: number;
  readonly remote: RemoteOptions;
}

/** A layer's plane as a target: its means, by the largest of their sizes, then an opacity of 1. */
export async function readLayerTarget(place: LayerPlace, signal: AbortSignal): Promise<Cells> {
  const found = await readLayer(place, "weights", [""], OUTERMOST, signal);
  const { channels: [values], width, height } = found;
  const most = values!.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const opacity = new Float32Array(values!.length).fill(1);
  return { width, height, channels: [values!.map((value) => value / most), opacity] };
}

/**
 * A layer's cells as learned rules start from them: the first of its five numbers, and their zoom, which is
 * one that tiles have. Throws `BadRequest` where the layer is too large there.
 */
export const readLayerCells = (
  place: LayerPlace,
  count: number,
  signal: AbortSignal,
): Promise<Cells & { readonly z: number }> => {
  const queries = fields.slice(0, count).map((field) => `t=0&field=${field}`);
  return readLayer(place, "automaton", queries, 0, signal);
};

/**
 * Numbers of a layer's plane at the nearest zoom, from `outermost` on, at which both sides have at most
 * `size` pixels, an array for each query. What is not finite is 0.
 */
async function readLayer(
  { path, layer, size, remote }: LayerPlace,
  mode: string,
  queries: readonly string[],
  outermost: number,
  signal: AbortSignal,
): Promise<Cells & { readonly z: number }> {
  const engine = await createEngine([oneModel(path)], { cacheBytes: 0, remote });
  try {
    const { id } = engine.models()[0]!; // none would have been thrown
    const { plane } = engine.view(id, layer, mode, new URLSearchParams());
    const at = (z: number) => {
      const cells = 2 ** (plane.nativeZoom - z);
      return { width: Math.ceil(plane.width / cells), height: Math.ceil(plane.height / cells) };
    };
    let z = plane.nativeZoom;
    while (Math.max(at(z).width, at(z).height) > size) z--;
    if (z < outermost) {
      const found = at(outermost);
      throw new BadRequest(
        `"${layer}" is ${found.width} × ${found.height} pixels at zoom ${outermost}, ` +
          `at most ${size} a side can be taken`,
        { layer, found: [found.width, found.height], limit: size },
      );
    }
    const { width, height } = at(z), channels: Float32Array[] = [];
    for (const query of queries) {
      const { bytes } = await engine.ticket({
        ...{ model: id, layer, mode, z, x: 0, y: 0 },
        ...{ density: 1, crop: true, format: "npy", query: new URLSearchParams(query) },
      }).tile(signal);
      const numbers = bytes.slice(bytes.length - width * height * 4);
      const finite = (value: number) => Number.isFinite(value) ? value : 0;
      channels.push(new Float32Array(numbers.buffer).map(finite));
    }
    return { z, width, height, channels };
  } finally {
    await engine.close();
  }
}
