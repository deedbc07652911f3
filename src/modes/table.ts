import { activations } from "./activations.ts";
import { attention } from "./attention.ts";
import { automaton } from "./automaton.ts";
import { gradients } from "./gradients.ts";
import { map } from "./map.ts";
import type { MapMode, Mode, VolumeMode } from "./mode.ts";
import { octree } from "./octree.ts";
import { spectral } from "./spectral.ts";
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
  automaton,
];

/** Every mode that a layer's 3-D grid can be looked at with. */
export const volumeModes: readonly VolumeMode[] = [octree, voxels];

/** Every mode that a whole model can be looked at with. */
export const mapModes: readonly MapMode[] = [map];
