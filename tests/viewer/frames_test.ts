import { assertEquals } from "@std/assert";
import { Frames } from "../../src/viewer/frames.ts";
import type { Shot } from "../../src/viewer/shot.ts";
import { turned } from "../../src/viewer/angles.ts";

/** Frames whose pictures come when the test says so. */
function slowFrames() {
  const asked: { wanted: number; signal: AbortSignal; come(): Promise<void> }[] = [];
  const shown: number[] = [], closed: number[] = [], failures: unknown[] = [];
  const frames = new Frames<number>({
    atOnce: () => 2,
    load(wanted, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<Shot>();
      signal.addEventListener("abort", () => reject(signal.reason));
      const picture = { wanted, close: () => closed.push(wanted) } as unknown as ImageBitmap;
      const come = async () => {
        resolve({ picture, part: { x: 0, y: 0, width: 1, height: 1 } });
        await new Promise((done) => setTimeout(done));
      };
      asked.push({ wanted, signal, come });
      return promise;
    },
    show: ({ picture }) => shown.push((picture as unknown as { wanted: number }).wanted),
    failed: (error) => failures.push(error),
  });
  return { frames, asked, shown, closed, failures };
}

Deno.test("two frames at most are on their way, and the one wanted last is next", async () => {
  const { frames, asked, shown } = slowFrames();
  for (let i = 0; i < 10; i++) frames.ask(i);
  assertEquals(asked.map(({ wanted }) => wanted), [0, 1]);
  await asked[0]!.come();
  assertEquals(asked.map(({ wanted }) => wanted), [0, 1, 9]);
  assertEquals(shown, [0]);
});

Deno.test("a newer frame sends older ones away", async () => {
  const { frames, asked, shown, failures } = slowFrames();
  frames.ask(0);
  frames.ask(1);
  await asked[1]!.come();
  assertEquals(asked[0]!.signal.aborted, true);
  await asked[0]!.come();
  assertEquals(shown, [1]);
  assertEquals(failures, []);
});

Deno.test("nothing is shown once it is stopped", async () => {
  const { frames, asked, shown, failures } = slowFrames();
  for (let i = 0; i < 3; i++) frames.ask(i);
  frames.stop();
  await asked[0]!.come();
  await asked[1]!.come();
  assertEquals([shown, failures, asked.length], [[], [], 2]);
  frames.ask(7);
  await asked[2]!.come();
  assertEquals(shown, [7]);
});

Deno.test("angles stay within half a turn", () => {
  assertEquals([turned(190), turned(-190), turned(180), turned(-180), turned(360.04)], [
    ...[-170, 170, 180, -180, 0],
  ]);
});
