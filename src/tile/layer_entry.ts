import type { Notes, Recipe } from "../analysis/derive/recipe.ts";
import type { ChannelNeeds, Channels } from "../analysis/channels.ts";
import type { Facts } from "../modes/mode.ts";
import type { Region } from "../field/layout.ts";
import type { Island, Plane } from "../field/plane.ts";
import type { Pyramid } from "../field/pyramid.ts";
import type { StoredPyramid } from "../field/store.ts";
import type { Fetch } from "../storage/prefetched.ts";
import type { Backend } from "./backends.ts";
import type { Sample } from "./sample.ts";
import type { Survey } from "./survey.ts";

/** A folded tensor that tiles are drawn of, and what has been found out about it. */
export interface LayerEntry {
  /** Names the folding of the tensor in that version of the model, and what it is compared with. */
  readonly id: string;
  /** Whether it is folded as the tensor is unless another way is asked for, and compared with nothing. */
  readonly isDefault: boolean;
  readonly plane: Plane;
  /** Brings the tensor's bytes from where they lie; null where workers read them by themselves. */
  readonly fetch: Fetch | null;
  /** What its facts are estimated from; not there where they are of all of it. */
  readonly estimate?: Estimate;
  /** How its cells are made, where no file has them. */
  readonly derived?: Derived;
  facts: Facts | null;
  /** As they stand in its facts, which may be found later. */
  channels: Channels | null;
  pyramid: Pyramid | null;
  /** Its pyramid on disk, once that is whole. */
  stored: StoredPyramid | null;
}

/** What cells are made of, and how. */
export interface Derived {
  /** One after the other, or each for its own places. */
  readonly parts: readonly DerivedPart[];
  /** Brings bytes of what else of the model it is made of; not there where workers read them by themselves. */
  readonly fetch?: Fetch;
  /** Where they will be. */
  readonly memory: SharedArrayBuffer;
  /** Where they are on their plane, if not everywhere. */
  readonly islands?: readonly Island[];
  /** What was found on the way of each part; null until they are there. */
  notes: readonly Notes[] | null;
  /** What multiplies the large matrices on the way; null until that has to be known. */
  backend: Backend | null;
  /** Jobs that wait for them or read them: meanwhile they are not let go of. */
  readers: number;
}

/** Cells that are made of one tensor. */
export interface DerivedPart {
  readonly from: LayerEntry;
  readonly recipe: Recipe;
  /** Where on a plane of many they go; all of it unless given. */
  readonly places?: Places;
}

/** Rectangles of the plane that some cells fill, each at its place on another one. */
export interface Places {
  /** Cells across the one, and across the other. */
  readonly width: number;
  readonly pitch: number;
  readonly regions: readonly Omit<Region, "plane">[];
}

/** How facts are estimated while a layer has not been read: of runs of its file, or of lines of cells. */
export type Estimate =
  | { readonly kind: "runs"; readonly sample: Sample }
  | { readonly kind: "lines"; readonly log2: number; survey: Survey | null };

/** What an ingest knows of layers. */
export interface Findings {
  /** A layer that was read to its end. */
  found(tensor: string): { readonly facts: Facts; readonly stored: StoredPyramid | null } | null;
}

/** What a picture may be drawn from. */
export interface Choice {
  /** Whether it depends on the layer's scale; it does where this is not there. */
  readonly needsScale?: boolean;
  /** log2 of the blocks that a first look may take a line of each of; not there for none. */
  readonly look?: number | null;
}

/** What a job needs before it can start. */
export interface Needs {
  readonly facts: boolean;
  readonly channels: ChannelNeeds;
  readonly pyramid: boolean;
  /** Whether all figures of blocks are asked for, of which a sample has none. */
  readonly figures?: boolean;
}

/** What a picture is drawn with. */
export interface Basis {
  /** The layer, or what stands for it while little is known of it. */
  readonly entry: LayerEntry;
  /** Share of the layer's values that its facts are of; 1 where they are exact, or do not matter. */
  readonly share: number;
}

/** Cells of a layer that are measured sooner than a sample of them would be missed. */
export const SOON = 1 << 22;
/** The same of a comparison, which reads two layers, and again in every process. */
const SOON_COMPARED = 1 << 20;

/** Whether a layer of so many cells is measured at once rather than estimated. */
export const isSoon = (cells: number, isCompared: boolean): boolean =>
  cells <= (isCompared ? SOON_COMPARED : SOON);
/** log2 of the blocks that a first look at a layer that nobody reads to its end takes: some lines of it. */
export const FAR = 11;
