import { BadRequest, NotFound } from "../errors.ts";
import { type Address, formats, type PlaneInfo, type TileFormat } from "./tile.ts";

/** Which picture an address is of: everything but the place on the plane. */
export type Subject = Pick<Address, "model" | "layer" | "mode" | "query">;

/** What stands for the whole model where a layer's name is expected. */
export const WHOLE = "_";

/** Whether a tile can be asked for in that format. */
export const isFormat = (name: string): name is TileFormat => Object.hasOwn(formats, name);

/** A name as one segment of a path: slashes, dots and the like keep their place in it. */
export const segment = (name: string): string => encodeURIComponent(name);

/**
 * A tile's address from the last three segments of its path, `{z}/{x}/{y}[@2x].{format}`. Throws
 * `BadRequest` naming what was found and what is allowed.
 */
export function parseTile(subject: Subject, z: string, x: string, file: string): Address {
  const [, y, density, extension] = /^([^.@]*)(@[^.]*)?(?:\.(.*))?$/.exec(file) ?? [];
  if (y === undefined) throw misspelt("tile", file, "{y}.{format} or {y}@2x.{format}");
  if (density !== undefined && density !== "@2x") throw misspelt("density", density, "@2x or none");
  return {
    ...subject,
    z: whole("z", z),
    x: whole("x", x),
    y: whole("y", y),
    density: density ? 2 : 1,
    format: parseFormat(extension ?? ""),
  };
}

/** The path and query that `parseTile` reads back; one spelling an address. */
export function tilePath(address: Address): string {
  const { z, x, y, density, format, query } = address;
  return `${picturePath("tiles", address)}/${z}/${x}/${y}${density === 2 ? "@2x" : ""}.${format}${
    queryString(query)
  }`;
}

/** `/{kind}/{model}/{layer}/{mode}`. */
export const picturePath = (kind: string, { model, layer, mode }: Omit<Subject, "query">): string =>
  `/${kind}/${segment(model)}/${segment(layer)}/${segment(mode)}`;

/** With its "?", sorted by name; "" where there is none. */
export function queryString(query: URLSearchParams): string {
  const sorted = new URLSearchParams(query);
  sorted.sort();
  return sorted.size === 0 ? "" : `?${sorted}`;
}

/** The last level of a Deep Zoom pyramid: one pixel a cell. */
export const deepestLevel = ({ width, height }: Pick<PlaneInfo, "width" | "height">): number =>
  Math.ceil(Math.log2(Math.max(1, width, height)));

/**
 * The address behind `{level}/{x}_{y}.{format}` of a Deep Zoom pyramid: tiles are cut to the plane,
 * and levels go on outwards until the plane is one pixel. Throws `BadRequest`, `NotFound`.
 */
export function parseDeepZoom(
  subject: Subject,
  plane: PlaneInfo,
  level: string,
  file: string,
): Address {
  const [, x, y, extension] = /^([^_.]*)_([^_.]*)\.(.*)$/.exec(file) ?? [];
  if (x === undefined || y === undefined) throw misspelt("tile", file, "{x}_{y}.{format}");
  const deepest = deepestLevel(plane);
  const at = whole("level", level);
  if (at < 0 || at > deepest) {
    const message = `there is no level ${at}: this pyramid has levels 0 to ${deepest}`;
    throw new NotFound(message, { level: at, minimum: 0, maximum: deepest });
  }
  return {
    ...subject,
    z: at - deepest + plane.nativeZoom,
    x: whole("x", x),
    y: whole("y", y),
    density: 1,
    crop: true,
    format: parseFormat(extension ?? ""),
  };
}

function parseFormat(name: string): TileFormat {
  if (isFormat(name)) return name;
  const allowed = Object.keys(formats);
  const message = `there is no tile format "${name}"; there are ${allowed.join(", ")}`;
  throw new BadRequest(message, { parameter: "format", found: name, allowed });
}

/** A whole number in decimal. Throws `BadRequest` naming the parameter and what was found. */
export function whole(name: string, text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw misspelt(name, text, "a whole number");
}

function misspelt(parameter: string, found: string, expected: string): BadRequest {
  const message = `${parameter} is "${found}" where ${expected} is expected`;
  return new BadRequest(message, { parameter, found, expected });
}
