import { activations } from "./activations.ts";
import { attention } from "./attention.ts";
import { automaton } from "./automaton.ts";
import type { ChartMode } from "./chart/mode.ts";
import { gradients } from "./gradients.ts";
import { jacobian } from "./jacobian.ts";
import { map } from "./map.ts";
import type { MapMode, Mode, WholeMode } from "./mode.ts";
import type { VolumeMode } from "./solid_mode.ts";
import { landscape, norms } from "./norms.ts";
import { octree } from "./octree.ts";
import { spectral } from "./spectral.ts";
import { spectrum } from "./spectrum.ts";
import { stats } from "./stats.ts";
import { voxels } from "./voxels.ts";
import { weights } from "./weights.ts";

/** Every mode that a layer can be looked at with. To add one: write its file, then its line here. */
export const modes: readonly Mode[] = [
  weights,
  stats,
  gradients,
  activations,
  attention,
  spectral,
  norms,
  jacobian,
  automaton,
];

/** Every mode that a layer's 3-D grid can be looked at with. */
export const volumeModes: readonly VolumeMode[] = [octree, voxels];

/** Every mode that draws curves of what is found of a layer. */
export const chartModes: readonly ChartMode[] = [spectrum];

/** Every mode that draws a map of a model's tensors as they are. */
export const mapModes: readonly MapMode[] = [map];

/** Every mode that draws of a whole model what it makes of its tensors; a layer's mode has its name. */
export const wholeModes: readonly WholeMode[] = [landscape];
