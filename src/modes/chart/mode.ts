import type { Summarised } from "../../analysis/summary.ts";
import type { Layer } from "../../model/model.ts";
import type { Legend, Look, Options, Picture } from "../mode.ts";
import type { Sight } from "./paper.ts";

/** What a chart says at a point. */
export interface Reading {
  /** What the number is: "σ, place 3 of 64". */
  readonly name: string;
  /** Which of them it is, from 0 on. */
  readonly place: number;
  readonly value: number;
  /** Of the numbers that are drawn as one there. */
  readonly of: {
    readonly mean: number | null;
    readonly variance: number | null;
    readonly min: number | null;
    readonly max: number | null;
    readonly count: number;
  };
}

/**
 * One that draws curves of what a layer's summary tells: images are 256 · 2^z pixels wide, on which lines and
 * letters are as wide at every zoom. What it is given may have no singular values: it throws `BadRequest` then.
 */
export interface ChartMode extends Look {
  readonly chart: true;
  /** Null where the mode can show the layer, else what it would need. */
  missing(layer: Layer): string | null;
  /** Pixels of the picture at native zoom. */
  extent(options: Options): { readonly width: number; readonly height: number };
  legend(options: Options, found: Summarised): Legend;
  /** What can be settled once for many tiles, then the drawing of one. */
  prepare(options: Options, found: Summarised): (sight: Sight) => Picture & { kind: "rgba" };
  /** What is drawn nearest to a point of an image `size` pixels wide; null where that is no number. */
  read(
    options: Options,
    found: Summarised,
    at: { readonly x: number; readonly y: number; readonly size: number },
  ): Reading | null;
}
