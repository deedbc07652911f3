import sharp from "sharp";
import type { RayVolume } from "../src/compute/ray/ops.ts";
import { rayScene } from "../src/compute/wasm/raymarch.ts";
import { benchView } from "./raymarch_volume.ts";

/** VTK's voxels are points, of which 256 span 255; ours are cells. */
const SPAN = 255 / 256;

/** The peak signal-to-noise ratio, in dB, of our frame i to a picture of it by VTK on black. */
export async function likeness(volume: RayVolume, i: number, picture: string): Promise<number> {
  const theirs = await sharp(picture).removeAlpha().raw().toBuffer();
  const scene = rayScene(turned(volume)), view = benchView(i), { camera } = view;
  try {
    const { rgba } = scene.render({
      ...view,
      camera: { ...camera, distance: camera.distance! * SPAN },
    });
    const squares = theirs.reduce((sum, value, at) => {
      const pixel = 4 * Math.floor(at / 3);
      return sum + (rgba[pixel + at % 3]! * rgba[pixel + 3]! / 255 - value) ** 2;
    }, 0);
    return 10 * Math.log10(255 ** 2 * theirs.length / squares);
  } finally {
    scene.free();
  }
}

/** The volume as VTK sees it: y up, and the last slice in front. */
function turned(volume: RayVolume): RayVolume {
  const [width, height, depth] = volume.size, rows = height * depth;
  const data = new Uint8Array(new SharedArrayBuffer(volume.data.length));
  for (let row = 0; row < rows; row++) {
    const from = (rows - 1 - row) * width;
    data.set(volume.data.subarray(from, from + width), row * width);
  }
  return { ...volume, data };
}
