import { fitting, type Viewport } from "../compute/ray/camera.ts";
import type { RayMode, RayView } from "../compute/ray/ops.ts";
import type { Options } from "./mode.ts";
import { opacities, type OpacityName, parsePoints, transferOf } from "./opacity.ts";

/** What is drawn along rays by the options of mode `voxels`; `colours` are a palette. */
export function lookOf(options: Options, colours: Uint8Array, viewport: Viewport): RayView {
  const { yaw, pitch, fov, distance, density, axis, slice } = options;
  const camera = {
    ...{ yaw: Number(yaw), pitch: Number(pitch), fov: Number(fov) },
    distance: distance === null ? fitting(Number(fov)) : Number(distance),
  };
  return {
    ...{ mode: options.render as RayMode, camera, viewport },
    transfer: transferOf(colours, pointsOf(options), Number(density)),
    level: Number(options.level),
    shading: Boolean(options.shading),
    ...(axis === "none"
      ? {}
      : { slice: { axis: "xyz".indexOf(String(axis)) as 0 | 1 | 2, position: Number(slice) } }),
  };
}

/** Opacities along the ramp. Throws `BadRequest` for points that are misspelt. */
export const pointsOf = (options: Options) =>
  typeof options.points === "string" ? parsePoints(options.points) : opacities[opacityOf(options)];

/** Directions have magnitudes, which have one end. */
export const opacityOf = ({ opacity, colour }: Options): OpacityName =>
  opacity === "ends" && colour === "direction" ? "rise" : opacity as OpacityName;
