import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LruCache } from "../../src/storage/lru.ts";

const operation = fc.record({
  kind: fc.constantFrom("get", "set", "delete"),
  key: fc.constantFrom("a", "b", "c", "d", "e"),
  bytes: fc.nat(60),
});

Deno.test("LruCache agrees with a list that drops its oldest entries", () => {
  fc.assert(fc.property(fc.nat(150), fc.array(operation, { maxLength: 80 }), (limit, steps) => {
    const cache = new LruCache<number>(limit);
    let list: { key: string; value: number; bytes: number }[] = [];
    for (const [value, { kind, key, bytes }] of steps.entries()) {
      const found = list.find((entry) => entry.key === key);
      const others = list.filter((entry) => entry.key !== key);
      if (kind === "get") {
        assertEquals(cache.get(key), found?.value);
        if (found) list = [...others, found];
      } else if (kind === "delete") {
        cache.delete(key);
        list = others;
      } else {
        cache.set(key, value, bytes);
        list = bytes > limit ? others : [...others, { key, value, bytes }];
        while (total(list) > limit) list.shift();
      }
      assertEquals([cache.size, cache.bytes], [list.length, total(list)]);
    }
    for (const { key, value } of list) assertEquals(cache.get(key), value);
  }));
});

const total = (list: readonly { bytes: number }[]) =>
  list.reduce((sum, { bytes }) => sum + bytes, 0);

Deno.test("LruCache of no bytes keeps nothing, and clear() leaves nothing", () => {
  const none = new LruCache<string>(0);
  none.set("a", "x", 1);
  assertEquals([none.get("a"), none.size], [undefined, 0]);
  const some = new LruCache<string>(9);
  some.set("a", "x", 5);
  some.clear();
  assertEquals([some.size, some.bytes], [0, 0]);
});
