import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { eventsIn } from "../../src/viewer/events.ts";
import { Rate } from "../../src/viewer/rate.ts";

Deno.test("events are the same however the stream is cut", async () => {
  const text =
    'retry: 2000\n\nevent: ingest\ndata: {"done": "ö"}\n\n:\n\ndata: a\ndata: b\n\ndata: cut';
  const bytes = new TextEncoder().encode(text);
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
    const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
    const body = ReadableStream.from(ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end)));
    assertEquals(await Array.fromAsync(eventsIn(body)), [
      { kind: "ingest", data: '{"done": "ö"}' },
      { kind: "message", data: "a\nb" },
    ]);
  }));
});

Deno.test("a rate is that of the last seconds, and unknown at first", () => {
  const rate = new Rate();
  rate.note(0, 0);
  rate.note(10, 100);
  assertEquals(rate.perSecond, null);
  for (let at = 1000; at <= 20_000; at += 1000) rate.note(at > 10_000 ? 3 * at : at, at);
  assertEquals(rate.perSecond, 3000);
});
