import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { SingleFlight } from "../../src/storage/flight.ts";

Deno.test("SingleFlight does work once for all who ask in the meantime, and again afterwards", async () => {
  const flight = new SingleFlight<object>();
  let runs = 0;
  const { promise, resolve } = Promise.withResolvers<object>();
  const work = () => (runs++, promise);
  const both = Promise.all([
    flight.run("k", work),
    flight.run("k", work, new AbortController().signal),
  ]);
  resolve({});
  const [a, b] = await both;
  assertStrictEquals(a, b);
  assertEquals([runs, flight.size], [1, 0]);
  await flight.run("k", work);
  assertEquals(runs, 2);
});

Deno.test("SingleFlight aborts the work exactly when the last caller has left", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 6 }),
    fc.array(fc.nat(5), { maxLength: 6 }),
    async (callers, leaving) => {
      const flight = new SingleFlight<string>();
      const { promise, resolve } = Promise.withResolvers<string>();
      let inner: AbortSignal | undefined;
      const controllers = Array.from({ length: callers }, () => new AbortController());
      const results = controllers.map(({ signal }) =>
        flight.run("k", (given) => (inner = given, promise), signal)
      );
      for (const i of leaving) controllers[i % callers]!.abort();
      const left = new Set(leaving.map((i) => i % callers));
      assertEquals(inner!.aborted, left.size === callers);
      assertEquals(flight.size, left.size === callers ? 0 : 1);
      resolve("done");
      for (const [i, result] of results.entries()) {
        if (left.has(i)) await assertRejects(() => result, DOMException);
        else assertEquals(await result, "done");
      }
    },
  ));
});

Deno.test("SingleFlight starts afresh while work that was given up is still ending", async () => {
  const flight = new SingleFlight<number>();
  const gone = new AbortController();
  const slow = Promise.withResolvers<number>();
  const first = flight.run("k", () => slow.promise, gone.signal);
  gone.abort();
  const second = flight.run("k", () => Promise.resolve(2));
  slow.reject(new DOMException("given up", "AbortError"));
  await assertRejects(() => first, DOMException);
  assertEquals(await second, 2);
});

Deno.test("SingleFlight hands a failure to every caller and forgets it", async () => {
  const flight = new SingleFlight<number>();
  const fail = () => Promise.reject(new RangeError("no"));
  const signal = new AbortController().signal;
  await assertRejects(() => flight.run("k", fail), RangeError);
  await assertRejects(() => flight.run("k", fail, signal), RangeError);
  assertEquals(await flight.run("k", () => Promise.resolve(1), signal), 1);
});

Deno.test("SingleFlight refuses a caller who has left already, without work", async () => {
  const flight = new SingleFlight<number>();
  let ran = false;
  await assertRejects(
    () => flight.run("k", () => (ran = true, Promise.resolve(1)), AbortSignal.abort()),
    DOMException,
  );
  assert(!ran);
});

Deno.test("SingleFlight has later callers join what goes on without the one who started it", async () => {
  const flight = new SingleFlight<number>();
  const starter = new AbortController();
  const { promise, resolve } = Promise.withResolvers<number>();
  let runs = 0;
  const work = () => (runs++, promise);
  const first = flight.run("k", work, starter.signal);
  const second = flight.run("k", work, new AbortController().signal);
  starter.abort();
  const third = flight.run("k", work, new AbortController().signal);
  resolve(3);
  await assertRejects(() => first, DOMException);
  assertEquals([await second, await third, runs], [3, 3, 1]);
});
