import { BadRequest } from "../errors.ts";
import type { Target } from "../field/automaton/training/target.ts";
import { createEngine } from "../tile/engine.ts";
import type { RemoteOptions } from "../storage/remote.ts";
import { oneModel } from "./one.ts";

/** Zooms further out there are none. */
const OUTERMOST = -8;

/**
 * A layer's plane as a target: its means at the nearest zoom at which both sides have at most `size`
 * pixels, by the largest of their sizes, then an opacity of 1. What is not finite is 0.
 */
export async function readLayerTarget(
  path: string,
  layer: string,
  size: number,
  remote: RemoteOptions,
  signal: AbortSignal,
): Promise<Target> {
  const engine = await createEngine([oneModel(path)], { cacheBytes: 0, remote });
  try {
    const { id } = engine.models()[0]!; // none would have been thrown
    const { plane } = engine.view(id, layer, "weights", new URLSearchParams());
    const at = (z: number) => {
      const cells = 2 ** (plane.nativeZoom - z);
      return { width: Math.ceil(plane.width / cells), height: Math.ceil(plane.height / cells) };
    };
    let z = plane.nativeZoom;
    while (Math.max(at(z).width, at(z).height) > size) z--;
    if (z < OUTERMOST) {
      throw new BadRequest(`"${layer}" is too large to be seen in ${size} × ${size} pixels`, {
        ...{ layer, found: [plane.width, plane.height], limit: size },
      });
    }
    const { bytes } = await engine.ticket({
      ...{ model: id, layer, mode: "weights", z, x: 0, y: 0 },
      ...{ density: 1, crop: true, format: "npy", query: new URLSearchParams() },
    }).tile(signal);
    const { width, height } = at(z), start = bytes.length - width * height * 4;
    const values = new Float32Array(bytes.slice(start).buffer)
      .map((value) => Number.isFinite(value) ? value : 0);
    const most = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const opacity = new Float32Array(values.length).fill(1);
    return { width, height, channels: [values.map((value) => value / most), opacity] };
  } finally {
    await engine.close();
  }
}
