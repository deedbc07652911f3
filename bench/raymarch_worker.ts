/// <reference lib="webworker" />
import type { RayScene, RayView, RayVolume } from "../src/compute/ray/ops.ts";
import { rayScene } from "../src/compute/wasm/raymarch.ts";
import { benchView, tilesOf } from "./raymarch_volume.ts";

/** First the volume, then rows of frames. */
export type Request = { readonly volume: RayVolume } | {
  readonly frame: number;
  readonly part: Partial<RayView>;
  readonly first: number;
  readonly rows: number;
};

/** Pixels a side of tiles. */
const TILE = 256;

let scene: RayScene | undefined;

self.onmessage = ({ data }: MessageEvent<Request>) => {
  if ("volume" in data) {
    scene?.free();
    scene = rayScene(data.volume);
    self.postMessage([]);
    return;
  }
  const { frame, part, first, rows } = data;
  const view = { ...benchView(frame), ...part };
  const images = tilesOf(view, first, rows, TILE).map((tile) => scene!.render(tile).rgba);
  self.postMessage(images);
};
