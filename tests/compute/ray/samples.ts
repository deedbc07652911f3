import type { RayView, RayVolume, Triple } from "../../../src/compute/ray/ops.ts";
import { type TransferName, transfers, transferTable } from "../../../src/compute/ray/transfer.ts";
import { random } from "../samples.ts";

/** A volume of waves with noise and empty parts, seeded. */
export function waves(size: Triple, channels: 1 | 4 = 1, seed = 1): RayVolume {
  const next = random(seed);
  const data = new Uint8Array(size[0] * size[1] * size[2] * channels);
  let at = 0;
  for (let z = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      for (let x = 0; x < size[0]; x++) {
        const wave = Math.sin(x / 3.1 + seed) * Math.cos(y / 4.3) * Math.sin(z / 3.7 + 1);
        const value = Math.abs(wave) < 0.3 ? 127 : 127 + 110 * wave + 16 * next();
        data[at++] = value;
        if (channels === 1) continue;
        data[at++] = 256 * next();
        data[at++] = 255 * Math.abs(wave);
        data[at++] = wave > 0 ? 255 : 0;
      }
    }
  }
  return { size, channels, data, spacing: [1, 1, 1] };
}

/** A volume of bytes of which none knows of its neighbours; of four channels a voxel in four is absent. */
export function noise(size: Triple, channels: 1 | 4 = 1): RayVolume {
  const next = random(9), length = size[0] * size[1] * size[2] * channels;
  const data = Uint8Array.from({ length }, (_, i) => {
    const byte = 256 * next();
    return channels === 1 || i % 4 < 3 ? byte : byte < 64 ? 0 : 255;
  });
  return { size, channels, data, spacing: [1, 1, 1] };
}

/** A volume of one value. */
export function even(size: Triple, value: number): RayVolume {
  const data = new Uint8Array(size[0] * size[1] * size[2]).fill(value);
  return { size, channels: 1, data, spacing: [1, 1, 1] };
}

export const tableOf = (name: TransferName): Float32Array => transferTable(transfers[name]);

/** A whole image of 64 × 64 pixels, from the side and from above, unless told otherwise. */
export function viewOf(part: Partial<RayView> = {}): RayView {
  return {
    mode: "composite",
    camera: { yaw: 35, pitch: 25, fov: 40 },
    viewport: { size: 64, x: 0, y: 0, width: 64, height: 64 },
    transfer: tableOf("diverging"),
    ...part,
  };
}
