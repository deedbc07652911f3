import type { ChannelNeeds, Channels } from "../analysis/channels.ts";
import type { Scale } from "../analysis/scale.ts";
import type { Shade } from "../compute/ops.ts";
import type { Notes, Recipe } from "../analysis/derive/recipe.ts";
import type { Canvas } from "../field/canvas.ts";
import type { Part } from "../field/part.ts";
import type { Axes, Plane } from "../field/plane.ts";
import type { Network } from "../field/automaton/rules/network.ts";
import type { TensorInfo } from "../formats/format.ts";
import type { Layer } from "../model/model.ts";

/** A query parameter, as the catalogue, the validation and the page's controls know it. */
export interface Parameter {
  readonly name: string;
  readonly title: string;
  /** One sentence. */
  readonly about: string;
  /** `range` is "min,max"; `axes` is "rows|columns", e.g. "0,2|1,3", `axes3` "x|y|z"; `points` are "place:opacity,…"; `model` is a model's id; `layers` are names, or one of the choices that stands for some. */
  readonly type:
    | "number"
    | "integer"
    | "boolean"
    | "choice"
    | "range"
    | "axes"
    | "axes3"
    | "points"
    | "layers"
    | "model";
  readonly default: Option;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  /** The only numbers there are, where not all between the minimum and the maximum; ascending. */
  readonly values?: readonly number[];
  readonly unit?: string;
  /** Whether it distorts: anything but its default needs `scientific=0`. */
  readonly artistic?: boolean;
  /** Whether the ranges of other parameters follow from it. */
  readonly refolds?: boolean;
  /** Whether the places of layers on a picture of the whole model follow from it. */
  readonly places?: boolean;
  /** For numbers whose range a page can run through, as a film. */
  readonly plays?: Playing;
  /** Whether a page's theme, "dark" or "light", chooses it where nobody does. */
  readonly themed?: boolean;
  /** For angles in degrees that dragging sets: across the picture, or down. */
  readonly turns?: "across" | "down";
}

/** How the range of a number is run through. */
export interface Playing {
  /** From one picture to the next; where there are `values`, so many of them. */
  readonly step: number;
  /** Pictures a second, at most. */
  readonly pace: number;
  /** The part that is run through; all of the range unless given. */
  readonly from?: number;
  readonly to?: number;
  /** Whether the beginning follows the end. */
  readonly wraps?: boolean;
  /** Name of the choice that says along what it runs. */
  readonly along?: string;
  /** The choice with which the number says nothing. */
  readonly except?: string;
}

/** What a number can be on one layer. */
export interface Range {
  readonly minimum: number;
  readonly maximum: number;
  /** What it is unless given. */
  readonly default: number;
  /** As those of a `Parameter`. */
  readonly values?: readonly number[];
}

/** A parameter's value; null where "not given" means something of its own. */
export type Option = number | boolean | string | readonly number[] | null;
export type Options = Readonly<Record<string, Option>>;

/**
 * A drawn tile, before colour is encoded: rows of `canvas.columns` pixels in scratch memory. Beyond
 * the plane values are NaN and pixels transparent.
 */
export type Picture =
  | {
    readonly kind: "scalar";
    /** The values before colour. */
    readonly values: Float32Array;
    readonly shade: Shade;
    /** Values are clamped to these before shading. */
    readonly clamp: readonly [number, number] | null;
    readonly colormap: string;
    readonly reverse: boolean;
    /** 1 where a pixel is part of a line that is drawn over what it shows. */
    readonly lines?: Uint8Array;
  }
  | {
    readonly kind: "rgba";
    /** RGBA8, un-premultiplied. */
    readonly pixels: Uint8Array;
    readonly values: Float32Array;
  };

/** A legend, as a mode declares it; `tile/legend.ts` turns it into JSON, SVG and PNG. */
export interface Legend {
  readonly title: string;
  /** "scientific" or "artistic". */
  readonly style: "scientific" | "artistic";
  /** In words: what was normalised how, e.g. "tanh(x / 0.0213)". */
  readonly normalization: string;
  /** Share of the layer's values that the numbers are estimated from; all where it is not there. */
  readonly refinement?: number;
  /** The colour ramp, for modes that map one value. */
  readonly ramp?: {
    readonly colormap: string;
    readonly reverse: boolean;
    /** Value at the start, middle and end of the ramp and between: position 0..1 → value, increasing. */
    readonly stops: readonly { readonly at: number; readonly value: number }[];
  };
  /** What hues mean, for modes that show angles: colours from −180° to 180°. */
  readonly hues?: { readonly about: string; readonly colors: readonly string[] };
  /** What was found on the way to what is shown: numbers by name. */
  readonly notes?: Notes;
  /** The channels, for modes that pack several values into one pixel. */
  readonly channels?: readonly {
    readonly name: string;
    readonly channel: "R" | "G" | "B" | "A";
    readonly about: string;
  }[];
  /** The curves of a chart, and what each is told by. */
  readonly curves?: readonly {
    readonly name: string;
    /** "#rrggbb". */
    readonly color: string;
    readonly line: "solid" | "dashed" | "dotted";
    readonly about: string;
    /** Its figures, by the names that they have in a layer's summary. */
    readonly figures: Readonly<Record<string, number | null>>;
  }[];
  /** What the parts of an opened cell show, row by row, for modes that open cells. */
  readonly microcells?: readonly { readonly name: string; readonly colormap: string }[];
  /** Values without a place on the ramp, counted over the layer. */
  readonly special: readonly {
    readonly name: string;
    readonly color: string;
    readonly count: number;
  }[];
}

/** What is known of a layer before any tile of it is drawn. */
export interface Facts {
  readonly scale: Scale;
  /** Only where a mode asked for them, and the tensor has any. */
  readonly channels: Channels | null;
}

/**
 * What |∇| is: the spatial central difference, or the captured dL/dW; on a map, of some tensors the
 * one and of some the other.
 */
export type Slopes = "spatial" | "captured" | "spatial, captured";

/** What every mode says of itself, whatever it is a way of looking at. */
export interface Look {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly parameters: readonly Parameter[];
  /** Zoom levels beyond native that can be asked for. */
  readonly overzoom: number;
  /** What |∇| is, in modes that show it, of cells whose own gradient was not captured. */
  readonly gradient?: "spatial";
  /** False where pixels are not cells. */
  readonly cells?: boolean;
  /** Whether something can be read at a point; where pixels are cells unless given. */
  readonly readable?: boolean;
  /** Whether a picture takes so much more than to look at what it shows that none is drawn unasked. */
  readonly costly?: boolean;
  /** Whether its pictures say something by their transparency, which a JPEG cannot hold. */
  transparent?(options: Options): boolean;
}

/** What a recipe will make of a tensor when it is first read, called so. Throws `BadRequest`. */
export type Make = (from: TensorInfo, recipe: Recipe, name: string) => TensorInfo;

/** One way of looking at a layer. A mode is one file here and one line in `table.ts`. */
export interface Mode extends Look {
  /** Null where the mode can show the layer, else what it would need. */
  missing(layer: Layer): string | null;
  /** What it draws of a layer, where that is not its main tensor; undefined where there is none. */
  subject?(layer: Layer): TensorInfo | undefined;
  /**
   * The part of that tensor that it draws, or what is `made` of it first; all of it where this is not
   * there. Throws `BadRequest` for what the tensor does not have.
   */
  part?(options: Options, tensor: TensorInfo, made: Make, layer: Layer): Part;
  /** The options for pictures of zoom z, where those differ; undefined where they do not. */
  zoomed?(options: Options, z: number, nativeZoom: number): Options | undefined;
  /** How the options fold the tensor; undefined for the default folding. */
  axes(options: Options): Axes | undefined;
  /** Whether it draws more of blocks than their means, which is all that a sample tells. */
  needsFigures?(options: Options): boolean;
  /** What of `Facts.channels` must have been looked for. */
  needsChannels(options: Options): ChannelNeeds;
  /**
   * Whether a picture of 2^`log2` cells a pixel depends on `Facts.scale`; it does where this is not
   * there.
   */
  needsScale?(options: Options, log2: number): boolean;
  /**
   * The id of the model that holds the network it draws with; null where it draws without. Throws
   * `BadRequest` for options that do not go together.
   */
  network?(options: Options): string | null;
  /** Slopes are spatial where they are not told. */
  legend(options: Options, facts: Facts, slopes?: Slopes): Legend;
  /** What can be settled once for many tiles, then the drawing of one; the guest is what `network` names. */
  prepare(
    options: Options,
    facts: Facts,
    plane: Plane,
    guest?: Guest,
  ): (canvas: Canvas) => Picture;
}

/** One that draws a whole model: a plane on which what is made of each tensor has its place. */
export interface WholeMode extends Mode {
  /** Whether it shows a tensor of a layer. */
  shows(layer: Layer, tensor: TensorInfo): boolean;
  /** What a model needs of which it shows nothing. */
  readonly needs: string;
  /** What is made of a tensor that it shows. */
  recipe(options: Options, tensor: TensorInfo): Recipe;
  /** Names of the parameters that this follows from. */
  readonly makes: readonly string[];
}

/**
 * One way of looking at a whole model: a map on which each tensor has its place, drawn there by a
 * layer's mode.
 */
export interface MapMode extends Look {
  /** How the parts are drawn. */
  readonly part: Mode;
  /** The part's options. */
  partOptions(options: Options): Options;
  /** Whether all parts are drawn by the scale of the whole model rather than by their own. */
  isShared(options: Options): boolean;
  /** How a block is coloured that several tensors may share, by the scale of one of them. */
  shade(options: Options, scale: Scale): Tint;
  /** The scale is that of the whole model, or, where each part has its own, one of units of it. */
  legend(options: Options, scale: Scale, slopes?: Slopes): Legend;
}

/** A network that a mode draws with, of another model. */
export interface Guest {
  /** Names it: differs whenever any of its numbers may differ. */
  readonly version: string;
  readonly network: Network;
}

/** How values become palette entries. */
export interface Tint {
  readonly shade: Shade;
  readonly clamp: readonly [number, number] | null;
}
