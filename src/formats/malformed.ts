import { FormatError } from "../errors.ts";

/** A `FormatError` that says which field of which file holds what, and what it should hold. */
export function malformed(
  file: string,
  field: string,
  found: unknown,
  expected: string,
  cause?: unknown,
): FormatError {
  const shown = show(found);
  return new FormatError(
    `${file}: ${field} is ${shown}, expected ${expected}`,
    { file, field, found: shown, expected },
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

const MAX_AXES = 64;

/**
 * A shape and the number of its elements. Throws `FormatError` for anything but up to 64
 * non-negative integers whose product, zeros aside, is exact in a double.
 */
export function checkShape(
  file: string,
  field: string,
  value: unknown,
): { shape: number[]; count: number } {
  const rule = `at most ${MAX_AXES} integers >= 0`;
  if (!Array.isArray(value) || value.length > MAX_AXES) throw malformed(file, field, value, rule);
  let extent = 1;
  const shape = value.map((side: unknown) => {
    if (typeof side !== "number" || !Number.isSafeInteger(side) || side < 0) {
      throw malformed(file, field, value, rule);
    }
    extent *= side || 1;
    return side;
  });
  if (!Number.isSafeInteger(extent)) {
    throw malformed(file, field, value, "a product of sides below 2^53");
  }
  return { shape, count: shape.includes(0) ? 0 : extent };
}
