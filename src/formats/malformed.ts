import { FormatError } from "../errors.ts";

/**
 * A `FormatError` that says which field of which file holds what, and what it should hold. `found`
 * is put into the sentence as it is: a value that the file gives goes through `show` first.
 */
export function malformed(
  file: string,
  field: string,
  found: string | number | bigint,
  expected: string,
  cause?: unknown,
): FormatError {
  return new FormatError(
    `${file}: ${field} is ${found}, expected ${expected}`,
    { file, field, found: String(found), expected },
    cause,
  );
}

/** A value in at most 80 characters; nothing that a hostile header nests can make it recurse. */
export function show(value: unknown): string {
  if (Array.isArray(value)) {
    const items = value.slice(0, 8).map((item) => typeof item === "object" ? "…" : show(item));
    return clip(`[${items.join(", ")}${value.length > 8 ? `, … ${value.length} items` : ""}]`);
  }
  if (typeof value === "string") return clip(JSON.stringify(value));
  if (typeof value === "object" && value !== null) return "an object";
  return clip(String(value));
}

const clip = (text: string) => text.length > 80 ? `${text.slice(0, 79)}…` : text;

/** Axes of a shape; NumPy, which has most, has as many. */
export const MAX_AXES = 64;

/** Makes the error for what was found and what was expected, where only the caller knows the place. */
export type Refuse = (found: string, expected: string) => FormatError;

/**
 * A shape and the number of its elements. Refuses anything but up to 64 non-negative integers whose
 * product, zeros aside, is exact in a double.
 */
export function checkShape(value: unknown, refuse: Refuse): { shape: number[]; count: number } {
  const rule = `at most ${MAX_AXES} integers >= 0`;
  if (!Array.isArray(value) || value.length > MAX_AXES) throw refuse(show(value), rule);
  let extent = 1;
  let empty = false;
  for (const side of value as unknown[]) {
    if (typeof side !== "number" || !Number.isSafeInteger(side) || side < 0) {
      throw refuse(show(value), rule);
    }
    if (side === 0) empty = true;
    else extent *= side;
  }
  if (!Number.isSafeInteger(extent)) throw refuse(show(value), "a product of sides below 2^53");
  return { shape: value, count: empty ? 0 : extent };
}
