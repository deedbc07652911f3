import { BadRequest, NotFound } from "../errors.ts";
import { coarseSides, type Sides } from "../field/volume/coarse.ts";
import { DIRECTED } from "../field/volume/directions.ts";
import type { VoxelMode } from "../modes/solid_mode.ts";
import { canonicalQuery } from "../modes/options.ts";
import { MOST } from "../modes/voxels.ts";
import { stepParameters } from "../modes/step_parameter.ts";
import { fingerprint } from "../storage/version.ts";
import { whole } from "./address.ts";
import { SOFTWARE } from "./etag.ts";
import type { VolumeView } from "./volumes.ts";

/** How fine a volume is asked for. */
export interface Detail {
  /** That of images of a zoom, 256 · 2^zoom pixels wide… */
  readonly zoom: number;
  /** …in no more bytes than these. */
  readonly bytes: number;
}

/** A volume as it may be fetched once and looked at from everywhere; nothing was read yet. */
export interface Body {
  readonly detail: Detail;
  readonly size: Sides;
  readonly channels: 1 | 4;
  /** Lengths of a voxel's sides, in cells where nothing is stretched. */
  readonly spacing: Sides;
  /** log2 of the cells along each axis that a voxel is the mean of. */
  readonly log2: Sides;
  /** Slices of a brick, which has all of their rows; the last may have fewer. */
  readonly depth: number;
  /** How many bricks there are. */
  readonly bricks: number;
  /** Names its bytes. */
  readonly content: string;
  /** Query of the options that its bytes follow from. */
  readonly query: string;
  /** Names of the parameters with which something of this changes; with others only the look does. */
  readonly parameters: readonly string[];
}

/** Bytes of a brick, unless a slice has more. */
const BRICK = 1 << 20;
/** The fewest bytes that can be asked for. */
const LEAST = 4096;

/** Parameters that say how fine a volume is asked for, beside a mode's own. */
export const DETAIL = ["zoom", "bytes"] as const;

/**
 * How fine a volume of zooms up to `maxZoom`, at twice the density one more, is asked for: as fine as
 * can be unless the query says otherwise. Throws `BadRequest`.
 */
export function detailOf(query: URLSearchParams, maxZoom: number): Detail {
  return {
    zoom: within(query, "zoom", 0, maxZoom + 1),
    bytes: within(query, "bytes", LEAST, MOST),
  };
}

function within(query: URLSearchParams, name: string, minimum: number, maximum: number): number {
  const [text, ...more] = query.getAll(name);
  if (text === undefined) return maximum;
  const value = whole(name, text);
  if (value >= minimum && value <= maximum && more.length === 0) return value;
  const found = query.getAll(name).join(", ");
  throw new BadRequest(`${name}=${found} is not one number from ${minimum} to ${maximum}`, {
    ...{ parameter: name, found, minimum, maximum },
  });
}

/** What there is of a view's volume. */
export function bodyOf(
  { parts, model, mode, options, volume }: VolumeView & { readonly mode: VoxelMode },
  detail: Detail,
): Body {
  const log2 = mode.levelAt(options, volume, detail.zoom, detail.bytes);
  const size = coarseSides(volume, log2);
  const channels = options.colour === "direction" ? DIRECTED : 1;
  const depth = Math.max(1, Math.floor(BRICK / (size[0] * size[1] * channels)));
  const filling = mode.parameters.filter(({ name }) => mode.fills.includes(name));
  const query = canonicalQuery({ parameters: filling }, options);
  return {
    ...{ detail, size, channels, log2, depth, query },
    spacing: mode.spacing(options, volume, size),
    bricks: Math.ceil(size[2] / depth),
    content: fingerprint(SOFTWARE, "volume", parts.id, query, log2.join()),
    parameters: [...mode.fills, ...mode.dresses, ...stepParameters(model).map(({ name }) => name)],
  };
}

/** The voxels of a brick that there is, a copy of them. */
export function brickOf(
  { size: [width, height], channels, depth }: Body,
  voxels: Uint8Array,
  brick: number,
): Uint8Array<ArrayBuffer> {
  const length = width * height * channels * depth;
  return Uint8Array.from(voxels.subarray(brick * length, (brick + 1) * length));
}

/** Throws `NotFound` where there is no such brick. */
export function checkBrick({ bricks }: Body, brick: number): void {
  if (brick >= 0 && brick < bricks) return;
  const message = `there is no brick ${brick}: this volume has 0 to ${bricks - 1}`;
  throw new NotFound(message, { brick, minimum: 0, maximum: bricks - 1 });
}
