import { assert, assertEquals } from "@std/assert";
import { GpuLost } from "../../src/compute/gpu/device.ts";
import { occupancyOf } from "../../src/compute/reference/occupancy.ts";
import type { RayView } from "../../src/compute/ray/ops.ts";
import { hex, palette } from "../../src/modes/colour.ts";
import { voxels } from "../../src/modes/voxels.ts";
import type { BodyInfo, ModeEntry, Subject } from "../../src/viewer/api.ts";
import { frameOf, partOf, type Seen } from "../../src/viewer/framing.ts";
import { Local } from "../../src/viewer/local.ts";
import { surveyed } from "../../src/viewer/occupancy.ts";
import { Pace } from "../../src/viewer/pace.ts";
import { waves } from "../compute/ray/samples.ts";

const mode: ModeEntry = { ...voxels, cells: false, readable: false, costly: false, missing: null };
const subject = (options: Record<string, string> = {}): Subject => ({
  ...{ model: "m", layer: "l", mode: "voxels", version: "1" },
  options,
});
const ramp = Array.from({ length: 251 }, (_, i) => hex(palette("viridis"), i));
const info: BodyInfo = {
  ...{ size: [8, 8, 8], channels: 1, spacing: [1, 1, 1], content: "one", ramp },
  parameters: ["colormap", "alpha", "stretch"],
  bricks: { count: 1, depth: 8, url: "brick" },
};

const whenDone = () => new Promise((done) => setTimeout(done, 5));

/** A page with a GPU on which a frame takes `ms` and on which everything can go wrong. */
function page(
  given: Partial<{ ms: number; first: number; open: Error; info: Error; make: Error }> = {},
) {
  const faults = { ms: 4, first: 4, draw: null as Error | null, ...given };
  const log = { asked: [] as string[], drawn: [] as RayView[], freed: 0, closed: 0 };
  const warnings: string[] = [], open: ImageBitmap[] = [];
  const now = { info, zoom: 1, width: 600 };
  const local = new Local({
    open() {
      log.asked.push("open");
      if (faults.open) return Promise.reject(faults.open);
      const make = () => {
        if (faults.make) return Promise.reject(faults.make);
        const draw = (view: RayView) => {
          if (faults.draw) return Promise.reject(faults.draw);
          log.drawn.push(view);
          const close = () => void open.splice(open.indexOf(picture), 1);
          const picture = { close } as unknown as ImageBitmap;
          open.push(picture);
          const { width, height } = view.viewport;
          const ms = log.drawn.length === 1 ? faults.first : faults.ms;
          return Promise.resolve({ picture, ms: ms * width * height / 1e5 });
        };
        return Promise.resolve({ draw, free: () => void log.freed++ });
      };
      return Promise.resolve({ make, close: () => void log.closed++ });
    },
    info(_, zoom) {
      log.asked.push(`info ${zoom}`);
      return faults.info ? Promise.reject(faults.info) : Promise.resolve(now.info);
    },
    fetch(_, info) {
      log.asked.push("fetch");
      return Promise.resolve({ ...info, data: new Uint8Array(512) });
    },
    warn: (reason) => warnings.push(reason),
  }, () => ({ ...seen, zoom: now.zoom }));
  local.follow(mode, subject(), true);
  return { local, log, warnings, faults, now, open };
}

const seen: Seen = {
  whole: { x: 100, y: 50, width: 600, height: 600 },
  ...{ width: 800, height: 700, ratio: 1, zoom: 1 },
};

Deno.test("once voxels are there, frames are drawn here, and none before", async () => {
  const { local, log, open } = page();
  assertEquals(await local.picture(subject({ yaw: "1" })), null);
  await whenDone();
  assert(local.isReady);
  assertEquals(log.asked, ["open", "info 1", "fetch"]);
  // Two that tell how fast it is, which nobody sees.
  assertEquals([log.drawn.length, open.length], [2, 0]);
  const shot = (await local.picture(subject({ yaw: "77", pitch: "-3", density: "2" })))!;
  assertEquals(shot.part, { x: 0, y: 0, width: 1, height: 1 });
  const view = log.drawn.at(-1)!;
  assertEquals([view.camera.yaw, view.camera.pitch], [77, -3]);
  const { transfer: drawn } = view;
  const server = voxels.look({ ...usual, colormap: "viridis", density: 2 }, view.viewport);
  assertEquals(drawn, server.transfer);
  assertEquals(view.viewport, { size: 600, x: 0, y: 0, width: 600, height: 600 });
});

const usual = Object.fromEntries(voxels.parameters.map((one) => [one.name, one.default]));

Deno.test("turning asks for nothing, and what voxels follow from asks for new ones", async () => {
  const { local, log, now } = page();
  local.prepare();
  await whenDone();
  for (let yaw = 0; yaw < 50; yaw++) {
    const next = subject({ yaw: String(yaw), slice: "0.3", axis: "x" });
    assert(await local.picture(next));
    local.follow(mode, next, true);
    local.prepare();
  }
  assertEquals(log.asked.length, 3);
  const other = subject({ alpha: "2" });
  assertEquals(await local.picture(other), null);
  now.info = { ...info, content: "two" };
  local.follow(mode, other, true);
  local.prepare();
  await whenDone();
  assertEquals(log.freed, 1);
  assertEquals(log.asked.slice(3), ["info 1", "fetch"]);
  assert(await local.picture(other));
});

Deno.test("a zoom of the same voxels fetches none, one of finer voxels takes their place", async () => {
  const { local, log, now } = page();
  local.prepare();
  await whenDone();
  now.zoom = 2;
  local.prepare();
  await whenDone();
  assertEquals(log.asked, ["open", "info 1", "fetch", "info 2"]);
  now.zoom = 3;
  now.info = { ...info, content: "finer" };
  local.prepare();
  assert(await local.picture(subject()), "the coarse ones until the fine ones are there");
  await whenDone();
  assertEquals([log.asked.slice(4), log.freed], [["info 3", "fetch"], 1]);
  assert(await local.picture(subject()));
  assertEquals(await local.picture({ ...subject(), version: "2" }), null);
});

Deno.test("the same voxels of another shape are made anew, in other colours they are not", async () => {
  const { local, log, now } = page();
  local.prepare();
  await whenDone();
  now.info = { ...info, ramp: ramp.toReversed() };
  const other = subject({ colormap: "magma" });
  local.follow(mode, other, true);
  local.prepare();
  await whenDone();
  assert(await local.picture(other));
  const [before, after] = [log.drawn[1]!, log.drawn[2]!];
  assertEquals(after.transfer.subarray(0, 3), before.transfer.subarray(1020, 1023));
  now.info = { ...info, spacing: [1, 1, 2] };
  now.zoom = 2;
  local.prepare();
  await whenDone();
  assertEquals(log.asked.slice(3), ["info 1", "info 2", "fetch"]);
  assertEquals(log.freed, 1);
});

Deno.test("what speaks against drawing here is told once, and the server draws", async () => {
  for (
    const [faults, asked] of [
      [{ open: new Error("no adapter") }, 1],
      [{ info: new RangeError("no such volume") }, 2],
      [{ make: new RangeError("too large") }, 3],
      [{ make: new Error("out of memory") }, 3],
      [{ ms: 1000 }, 3],
    ] as const
  ) {
    const { local, log, warnings, open } = page(faults);
    for (let i = 0; i < 5; i++) {
      assertEquals(await local.picture(subject({ yaw: String(i) })), null);
      await whenDone();
      assertEquals(local.isReady, false);
      local.prepare();
    }
    // The same is wrong with the next volume too.
    local.follow(mode, { ...subject(), layer: "other" }, true);
    local.prepare();
    await whenDone();
    const asks = log.asked.length - (log.closed > 0 || "open" in faults ? 0 : asked - 1);
    const what = JSON.stringify(faults);
    assertEquals([asks, warnings.length, local.isReady], [asked, 1, false], what);
    assertEquals(open.length, 0);
    if ("ms" in faults) {
      assertEquals([log.freed, warnings], [2, ["this GPU is too slow for this volume"]]);
    }
  }
});

Deno.test("a GPU that is lost under the hand is given up, all of it, for good", async () => {
  const { local, log, warnings, faults } = page();
  local.prepare();
  await whenDone();
  assert(await local.picture(subject()));
  faults.draw = new GpuLost("gone");
  const both = [local.picture(subject({ yaw: "1" })), local.picture(subject({ yaw: "2" }))];
  assertEquals(await Promise.all(both), [null, null]);
  await whenDone();
  faults.draw = null;
  local.prepare();
  assertEquals(await local.picture(subject()), null);
  const other = { ...subject(), layer: "other" };
  local.follow(mode, other, true);
  local.prepare();
  await whenDone();
  assertEquals(await local.picture(other), null);
  assertEquals([log.freed, log.closed, warnings, log.asked.length], [1, 1, ["gone"], 3]);
});

Deno.test("the first frame of a volume, which also makes what the others have, counts for nothing", async () => {
  const { local } = page({ first: 1000 });
  local.prepare();
  await whenDone();
  assert(local.isReady);
});

Deno.test("a GPU that has become slow leaves it to the server", async () => {
  const { local, log, warnings, faults, open } = page();
  local.prepare();
  await whenDone();
  faults.ms = 2000;
  const shots = [];
  for (let yaw = 0; yaw < 20; yaw++) shots.push(await local.picture(subject({ yaw: `${yaw}` })));
  const seen = shots.filter((shot) => shot !== null);
  assert(seen.length > 0 && seen.length < 10, `${seen.length} frames`);
  assertEquals([open.length, log.freed, warnings.length], [seen.length, 1, 1]);
});

Deno.test("a look that cannot be drawn speaks against that volume, and not against the GPU", async () => {
  const { local, log, warnings } = page();
  local.prepare();
  await whenDone();
  assertEquals(await local.picture(subject({ points: "1:2" })), null);
  assertEquals([warnings.length, log.closed], [1, 0]);
  const other = { ...subject(), layer: "other" };
  local.follow(mode, other, true);
  local.prepare();
  await whenDone();
  assert(await local.picture(other));
});

Deno.test("what is left is freed, and what was on its way does not come", async () => {
  const { local, log, now } = page();
  local.prepare();
  await whenDone();
  local.follow({ ...mode, name: "weights" }, { ...subject(), mode: "weights" }, false);
  assertEquals([log.freed, local.isReady], [1, false]);
  local.prepare();
  local.follow(mode, subject(), true);
  now.info = { ...info, content: "again" };
  local.prepare();
  local.follow(mode, { ...subject(), layer: "other" }, true);
  await whenDone();
  // The second was made all the same, and is freed too: nobody sees it.
  assertEquals([log.freed, local.isReady, log.drawn.length], [2, false, 2]);
});

Deno.test("frames are as sharp as thirty of them a second allow", () => {
  const pixels = 1e6;
  const settled = (cost: number) => {
    const pace = new Pace();
    let share = 0;
    pace.note(4e4, 4e4 * cost);
    for (let i = 0; i < 20; i++) {
      share = pace.share(pixels);
      pace.note(pixels * share ** 2, pixels * share ** 2 * cost);
    }
    return { share, slow: pace.isTooSlow(pixels) };
  };
  assertEquals(settled(5e-6), { share: 1, slow: false });
  assertEquals(settled(5e-5), { share: 0.5, slow: false });
  assertEquals(settled(1e-3), { share: 0.1875, slow: false });
  assertEquals(settled(5e-3), { share: 0.1875, slow: true });
  // One frame that is late is no slow GPU; all that come after it being late is.
  const late = new Pace();
  late.note(4e4, 10);
  late.note(35_000, 3000);
  assertEquals(late.isTooSlow(pixels), false);
  for (let i = 0; i < 20; i++) late.note(35_000, 3000);
  assertEquals(late.isTooSlow(pixels), true);
  // A plane as small as its coarsest frame has no coarser one.
  const small = new Pace();
  small.note(100, 100 * 1e-3);
  assertEquals([small.share(15_000), small.isTooSlow(15_000)], [1, false]);
});

Deno.test("a frame between two paces does not flicker between them", () => {
  const pace = new Pace(), shares = new Set<number>();
  for (let i = 0; i < 120; i++) {
    // 20 to 30 ms at half the pixels a side.
    pace.note(2.5e5, 25 + 5 * Math.sin(i / 6));
    const share = pace.share(1e6);
    if (i > 20) shares.add(share);
  }
  assertEquals(shares.size, 1);
});

Deno.test("a frame is what is seen of its plane, to the pixel around it", () => {
  const all = { ...seen, ratio: 2 };
  assertEquals(frameOf(all, 1), { size: 1200, x: 0, y: 0, width: 1200, height: 1200 });
  assertEquals(frameOf(all, 0.25), { size: 300, x: 0, y: 0, width: 300, height: 300 });
  const near = { ...seen, whole: { x: -1000, y: -2000, width: 4000, height: 4000 } };
  const viewport = frameOf(near, 0.5)!;
  assertEquals(viewport, { size: 2000, x: 500, y: 1000, width: 400, height: 350 });
  assertEquals(partOf(viewport), { x: 0.25, y: 0.5, width: 0.2, height: 0.175 });
  const split = { ...near, whole: { x: -1000.5, y: -2000.5, width: 4000, height: 4000 } };
  assertEquals(frameOf(split, 0.5), { size: 2000, x: 500, y: 1000, width: 401, height: 351 });
  const beside = { ...seen, whole: { x: 900, y: 0, width: 500, height: 500 } };
  assertEquals(frameOf(beside, 1), null);
  const odd = { ...seen, whole: { x: -0.5, y: 699.5, width: 333.3, height: 333.3 } };
  const { size, x, y, width, height } = frameOf(odd, 1)!;
  assert(x + width <= size && y + height <= size && x === 0 && height === 1, `${y} ${height}`);
});

Deno.test("what is in a volume's blocks is found part by part as at once", async () => {
  for (const size of [[17, 9, 25], [8, 8, 8], [1, 1, 40], [9, 40, 16]] as const) {
    for (const channels of [1, 4] as const) {
      const volume = waves(size, channels);
      const { blocks, min, max, present } = await surveyed(volume);
      const all = occupancyOf(volume);
      assertEquals([...blocks], [...all.blocks]);
      assertEquals([min, max, present], [all.min, all.max, all.present]);
    }
  }
});
