import type { RayVolume, Triple } from "../compute/ray/ops.ts";
import { ask } from "./access.ts";
import { type BodyInfo, path, problem, type Subject } from "./api.ts";

/** Bricks that are fetched at once. */
const LANES = 4;

/** Fetches all bricks of a subject's volume. Throws `Problem` in the server's words. */
export async function fetchVolume(
  subject: Subject,
  { size, channels, spacing, bricks }: BodyInfo,
  signal: AbortSignal,
): Promise<RayVolume> {
  // Relative to the page, as all of its addresses: a proxy may have put the server elsewhere.
  const query = bricks.url.slice(bricks.url.indexOf("?"));
  const slice = size[0] * size[1] * channels;
  const data = new Uint8Array(slice * size[2]);
  let next = 0;
  const lane = async () => {
    while (next < bricks.count) {
      const brick = next++;
      const response = await ask(`volume/${path(subject)}/${brick}.bin${query}`, { signal });
      if (!response.ok) throw await problem(response);
      data.set(new Uint8Array(await response.arrayBuffer()), brick * bricks.depth * slice);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { size, channels, spacing, data };
}

/** A volume that is asked for; what there is of it is told in between. */
export interface Claim {
  readonly subject: Subject;
  readonly zoom: number;
  info: BodyInfo | null;
}

/** Whether a claim's volume is of the same numbers as another subject's. */
export const isOf = ({ subject }: Claim, other: Subject): boolean =>
  path(subject) === path(other) && subject.version === other.version;

/** Whether a claim's volume is that of another subject too. */
export function holdsFor(claim: Claim, other: Subject): boolean {
  const { subject, info } = claim;
  return isOf(claim, other) &&
    (info?.parameters ?? []).every((name) => subject.options[name] === other.options[name]);
}

/** The palette whose ramp is told, as RGBA. */
export function paletteOf(ramp: readonly string[]): Uint8Array {
  const colours = new Uint8Array(4 * ramp.length).fill(255);
  for (const [i, colour] of ramp.entries()) {
    const rgb = parseInt(colour.slice(1), 16);
    colours.set([rgb >> 16, rgb >> 8 & 255, rgb & 255], 4 * i);
  }
  return colours;
}

export const sameSpacing = (a: Triple, b: Triple): boolean => a.every((side, i) => side === b[i]);
