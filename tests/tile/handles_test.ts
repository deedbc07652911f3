import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import type { SyncSource } from "../../src/field/cells.ts";
import { Prefetched } from "../../src/storage/prefetched.ts";
import { Handles } from "../../src/tile/handles.ts";

const made = (name: string) => {
  const bytes = new Uint8Array(new SharedArrayBuffer(16));
  return { kind: "memory", name, bytes } as const;
};

Deno.test("what was made is open once by its name, until it is let go of", () => {
  const closed: SyncSource[] = [];
  const handles = new Handles(new Prefetched(), (source) => closed.push(source));
  const [one, other] = [made("one #1"), made("one #2")];
  const first = handles.open(one), second = handles.open(other);
  assertNotStrictEquals(first, second);
  assertStrictEquals(handles.open({ ...one }), first);
  handles.letGo([one], new Set([first]));
  assertEquals(closed, []);
  handles.letGo([{ ...one }, made("never opened")], new Set([second]));
  assertEquals(closed, [first]);
  assertNotStrictEquals(handles.open(one), first);
  assertStrictEquals(handles.open(other), second);
});
