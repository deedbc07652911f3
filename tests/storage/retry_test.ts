import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unreadable } from "../../src/errors.ts";
import { retryAfter, Transient, withRetries } from "../../src/storage/retry.ts";

const quick = { attempts: 4, first: 1, longest: 20 };
const failing = (times: number, after?: number) => {
  let calls = 0;
  const work = () => {
    if (++calls > times) return Promise.resolve(calls);
    return Promise.reject(new Transient(new Unreadable(`failure ${calls}`), after));
  };
  return work;
};

Deno.test("retry: what passes is tried again, the last failure is thrown in the end", async () => {
  assertEquals(await withRetries(failing(3), quick), 4);
  await assertRejects(() => withRetries(failing(4), quick), Unreadable, "failure 4");
});

Deno.test("retry: other errors are thrown at once", async () => {
  let calls = 0;
  const work = () => {
    calls++;
    return Promise.reject(new RangeError("no"));
  };
  await assertRejects(() => withRetries(work, quick), RangeError);
  assertEquals(calls, 1);
});

Deno.test("retry: a server's wish to wait is heeded, unless it is too long", async () => {
  const began = performance.now();
  await withRetries(failing(2, 15), quick);
  assert(performance.now() - began >= 28);
  await assertRejects(() => withRetries(failing(1, 21), quick), Unreadable, "failure 1");
});

Deno.test("retry: cancelling ends a pause", async () => {
  const signal = AbortSignal.timeout(20);
  const began = performance.now();
  const slow = { attempts: 3, first: 60_000, longest: 60_000 };
  await assertRejects(() => withRetries(failing(1, 50_000), slow, signal), DOMException);
  assert(performance.now() - began < 5000);
});

Deno.test("retry: Retry-After is seconds or a date", () => {
  assertEquals(retryAfter("7"), 7000);
  const now = Date.parse("2026-01-01T00:00:00Z");
  assertEquals(retryAfter("Thu, 01 Jan 2026 00:00:05 GMT", now), 5000);
  assertEquals(retryAfter("Wed, 31 Dec 2025 23:00:00 GMT", now), 0);
  assertEquals([retryAfter("soon"), retryAfter(undefined)], [undefined, undefined]);
});
