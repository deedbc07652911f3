import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { bridge, firstBeyond, pieces, type Span, total, union } from "../../src/storage/span.ts";

const spans = fc.array(fc.record({ offset: fc.nat(500), length: fc.nat(40) }), { maxLength: 30 });
const bytesOf = (all: readonly Span[]) =>
  new Set(all.flatMap(({ offset, length }) => Array.from({ length }, (_, i) => offset + i)));
const ascending = (all: readonly Span[]) =>
  all.every(({ offset }, i) => i === 0 || all[i - 1]!.offset + all[i - 1]!.length < offset);

Deno.test("union: the same bytes, in order, no two spans touching", () => {
  fc.assert(fc.property(spans, (given) => {
    const joined = union(given);
    assertEquals(bytesOf(joined), bytesOf(given));
    assert(ascending(joined));
  }));
});

Deno.test("bridge: holds every span, within the budget, over no gap that is too wide, and no less than it may", () => {
  fc.assert(fc.property(spans, fc.nat(600), fc.nat(60), (given, budget, widest) => {
    const apart = union(given);
    const merged = bridge(apart, budget, widest);
    const held = bytesOf(merged);
    assert(bytesOf(apart).isSubsetOf(held));
    assert(ascending(merged));
    assert(total(merged) <= Math.max(budget, total(apart)));
    const gaps = apart.slice(1).map((span, i) => span.offset - apart[i]!.offset - apart[i]!.length);
    const filled = apart.length - merged.length;
    const narrowest = gaps.toSorted((a, b) => a - b);
    const cost = narrowest.slice(0, filled).reduce((sum, gap) => sum + gap, 0);
    assertEquals(total(merged) - total(apart), cost);
    const next = narrowest[filled];
    assert(next === undefined || next > widest || total(apart) + cost + next > budget);
  }));
});

Deno.test("pieces: the same bytes in spans that are short enough", () => {
  fc.assert(fc.property(spans, fc.integer({ min: 1, max: 50 }), (given, longest) => {
    const apart = union(given);
    const cut = pieces(apart, longest);
    assertEquals(bytesOf(cut), bytesOf(apart));
    assertEquals(total(cut), total(apart));
    assert(cut.every(({ length }) => length <= longest && length > 0));
  }));
});

Deno.test("firstBeyond: the first stretch that ends after a place", () => {
  fc.assert(fc.property(spans, fc.nat(600), (given, place) => {
    const stretches = union(given).map(({ offset, length }) => {
      return { offset, bytes: new Uint8Array(length) };
    });
    const expected = stretches.findIndex(({ offset, bytes }) => offset + bytes.length > place);
    assertEquals(firstBeyond(stretches, place), expected < 0 ? stretches.length : expected);
  }));
});
