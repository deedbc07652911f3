/** Bytes of a source: `length` of them from `offset` on. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

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

/** The same bytes in order, spans that touch or overlap joined to one; empty ones left out. */
export function union(spans: readonly Span[]): Span[] {
  const joined: { offset: number; length: number }[] = [];
  const sorted = spans.filter(({ length }) => length > 0).sort((a, b) => a.offset - b.offset);
  for (const { offset, length } of sorted) {
    const last = joined.at(-1);
    if (last && offset <= last.offset + last.length) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else joined.push({ offset, length });
  }
  return joined;
}

/** Sum of lengths. */
export const total = (spans: readonly Span[]): number =>
  spans.reduce((sum, { length }) => sum + length, 0);

/**
 * Fewer, longer spans that hold the given ones, which are disjoint and in order: the narrowest gaps
 * between them, up to `widest` bytes each, are filled while all together stay within `budget` bytes.
 */
export function bridge(spans: readonly Span[], budget: number, widest: number): Span[] {
  const gaps = spans.slice(1).map(({ offset }, i) => {
    const before = spans[i]!;
    return { after: i, width: offset - before.offset - before.length };
  });
  let room = budget - total(spans);
  const filled = new Set<number>();
  for (const { after, width } of gaps.sort((a, b) => a.width - b.width || a.after - b.after)) {
    if (width > room || width > widest) break;
    room -= width;
    filled.add(after);
  }
  const merged: Span[] = [];
  spans.forEach((span, i) => {
    if (!filled.has(i - 1)) return merged.push(span);
    const { offset } = merged.pop()!;
    merged.push({ offset, length: span.offset + span.length - offset });
  });
  return merged;
}

/** Spans of at most `longest` bytes that hold the same bytes. */
export function pieces(spans: readonly Span[], longest: number): Span[] {
  return spans.flatMap(({ offset, length }) =>
    Array.from({ length: Math.ceil(length / longest) }, (_, i) => ({
      offset: offset + i * longest,
      length: Math.min(longest, length - i * longest),
    }))
  );
}

/** Bytes that are held of a source, and where they lie in it. */
export interface Stretch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Of stretches that begin and end in ascending order, the first that ends after a place. */
export function firstBeyond(stretches: readonly Stretch[], place: number): number {
  let low = 0, high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { offset, bytes } = stretches[middle]!;
    if (offset + bytes.length > place) high = middle;
    else low = middle + 1;
  }
  return low;
}
