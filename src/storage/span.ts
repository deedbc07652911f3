/** Throws `RangeError` where a span does not lie inside a source: the caller's mistake, not the file's. */
export function checkSpan(
  source: { readonly name: string; readonly size: number },
  offset: number,
  length: number,
): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (whole && offset >= 0 && length >= 0 && offset + length <= source.size) return;
  throw new RangeError(
    `${source.name}: asked for ${length} bytes at ${offset}, but it has ${source.size} bytes`,
  );
}
