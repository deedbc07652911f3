import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, settled, type Visit } from "./browser.ts";

// A CPU that plays a GPU, with a canvas that its WebGPU can draw on.
const switches = [
  "--enable-unsafe-webgpu",
  "--enable-unsafe-swiftshader",
  "--use-angle=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--ignore-gpu-blocklist",
];

const watch = `
  globalThis.begun = globalThis.done = 0;
  globalThis.devices = [];
  globalThis.shots = [];
  globalThis.freed = 0;
  if (globalThis.GPUQueue) {
    const free = GPUTexture.prototype.destroy;
    GPUTexture.prototype.destroy = function () {
      freed++;
      free.call(this);
    };
    const wait = GPUQueue.prototype.onSubmittedWorkDone;
    GPUQueue.prototype.onSubmittedWorkDone = async function () {
      begun++;
      await wait.call(this);
      done++;
    };
    const open = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...given) {
      const device = await open.apply(this, given);
      devices.push(device);
      return device;
    };
  }
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (image, ...rest) {
    if (this.canvas.matches(".still") && image instanceof ImageBitmap) {
      shots.push([image.width, image.height]);
    }
    return draw.call(this, image, ...rest);
  };
`;

const count = (page: Page, name: "done" | "shots") =>
  page.evaluate<number>(name === "done" ? "done" : "shots.length");

/** Asks from out here: the page's own clock may stand still. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const began = performance.now();
  while (!await holds()) {
    assert(performance.now() - began < 30_000, `waited in vain: ${what}`);
    await new Promise((next) => setTimeout(next, 30));
  }
}

/**
 * A page on a volume whose clock stands still, so that no GPU seems slow and no hand seems to rest;
 * ready to draw, or null with the reason where no GPU can.
 */
async function open(visit: Visit, query: string, at = "", height = 600) {
  const page = await visit.blank();
  await page.setViewportSize({ width: 800, height });
  const warnings: string[] = [], asked: string[] = [];
  page.on("console", (line) => line.type() === "warning" && warnings.push(line.text()));
  page.on("pageerror", (error) => visit.complaints.push(String(error)));
  page.on("request", (request) => asked.push(request.url().slice(visit.origin.length)));
  await page.addInitScript(watch);
  await page.clock.install();
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  await page.route(/\/volume\/.*\.bin/, async (route) => {
    await stopped;
    await route.continue();
  });
  await page.goto(`${visit.origin}?${query}${at}`);
  await settled(page);
  const refused = () => warnings.find((text) => text.includes("drawn by the server"));
  const wanted = () => asked.some((url) => url.includes(".bin"));
  await until("voxels", () => Promise.resolve(wanted() || refused() !== undefined));
  await pause(page);
  stop();
  // The upload, and two frames that nobody sees.
  await until("frames", async () => await count(page, "done") >= 3 || refused() !== undefined);
  return { page, warnings, asked, refused: refused() ?? null };
}

const pause = async (page: Page) =>
  await page.clock.pauseAt(await page.evaluate<number>("Date.now() + 60000"));

const over = ".still.opaque", map = ".openseadragon-canvas canvas";

/** What a canvas shows, as RGBA. */
async function pixelsOf(page: Page, canvas: string) {
  const { width, height, text } = await page.evaluate<
    { width: number; height: number; text: string }
  >(`(() => {
    const canvas = document.querySelector("${canvas}");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    let text = "";
    for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
    return { width, height, text: btoa(text) };
  })()`);
  return { width, height, data: Uint8Array.fromBase64(text) };
}

browserTest("a volume is drawn by the browser's GPU while it is turned", async (visit, t) => {
  const query = "model=burn-mnist&layer=conv3&mode=voxels";
  // At zoom 0 a tile is the whole picture, pixel on pixel.
  const { page, asked, warnings, refused } = await open(visit, query, "#16384,16384,0");
  if (refused) return await without(refused, t);
  assertEquals(asked.filter((url) => /voxels\/\d+\.bin/.test(url)).length, 1);

  await t.step("a key draws a frame", async () => {
    asked.length = 0;
    await page.locator("#map").focus();
    await page.keyboard.press("ArrowRight");
    await until("a frame", async () => await count(page, "shots") > 0);
    assertEquals([await page.locator("#film-value").inputValue(), asked], ["45", []]);
  });

  await t.step("a drag draws frames and asks for nothing", async () => {
    await page.mouse.move(420, 300);
    await page.mouse.down();
    for (let i = 1; i <= 8; i++) {
      const before = await count(page, "shots");
      await page.mouse.move(420 + 5 * i, 300 + i);
      await until(`frame ${i}`, async () => await count(page, "shots") > before);
    }
    assertEquals(asked, []);
    assert(await count(page, "done") >= 3 + 8);
  });

  await t.step("what is drawn is the server's tile of the same camera", async () => {
    const before = await count(page, "shots");
    await page.mouse.move(462, 308);
    await until("a frame", async () => await count(page, "shots") > before);
    // 0.4° a pixel, from 45° and 25° on.
    assertEquals(await page.locator("#film-value").inputValue(), "28.2");
    const tile = await tilePixels(visit, "burn-mnist/conv3/voxels/0/0/0.png?yaw=28.2&pitch=28.2");
    const found = await pixelsOf(page, over);
    const [left, top] = [(found.width - 256) / 2, (found.height - 256) / 2];
    const part = new Uint8Array(4 * 256 * 256);
    for (let y = 0; y < 256; y++) {
      const from = 4 * ((top + y) * found.width + left);
      part.set(found.data.subarray(from, from + 1024), 1024 * y);
    }
    const decibels = likeness(tile, part);
    console.log(`the GPU's frame and the server's tile agree to ${decibels.toFixed(1)} dB`);
    assert(decibels >= 40, `${decibels} dB`);
  });

  await t.step("a hand that lets go sees tiles", async () => {
    await page.clock.resume();
    await page.mouse.up();
    await settled(page);
    await until("tiles", () => Promise.resolve(asked.some((url) => /voxels\/\d\/\d/.test(url))));
    assertEquals(asked.filter((url) => url.startsWith("volume")), []);
    await until("the end", async () => await page.locator(".still").count() === 0);
    assertEquals(warnings.filter((text) => text.includes("server")), []);
  });

  await t.step("a device that is lost under the hand leaves frames of the server", async () => {
    await page.evaluate("devices[0].destroy()");
    asked.length = 0;
    await page.mouse.move(420, 300);
    await page.mouse.down();
    for (let i = 1; i <= 4; i++) {
      const before = await count(page, "shots");
      await page.mouse.move(420 - 5 * i, 300);
      await until(`frame ${i}`, async () => await count(page, "shots") > before);
    }
    await page.mouse.up();
    await settled(page);
    assert(asked.some((url) => url.includes("voxels/0/0/0")), asked.join());
    const told = warnings.filter((text) => text.includes("drawn by the server"));
    assertEquals(told.length, 1);
    assertMatch(told[0]!, /lost/);
  });
}, { switches });

browserTest("zoomed in, a volume is drawn where its tiles will lie", async (visit, t) => {
  // Almost opaque, so that rays are short.
  const query = "model=burn-mnist&layer=conv3&mode=voxels&shading=0&opacity=haze&density=30";
  const { page, asked, refused } = await open(visit, query, "#20000,18000,2.3", 360);
  if (refused) return await without(refused, t);

  await t.step("a film is drawn here too", async () => {
    asked.length = 0;
    await page.keyboard.press("Space");
    // Two are drawn ahead; time goes by only when they are there.
    for (let i = 0; i < 3; i++) {
      await until(`frame ${i}`, async () => await count(page, "done") >= 5 + i);
      await page.clock.runFor(50);
    }
    await until("three seen", async () => await count(page, "shots") >= 3);
    assertEquals(asked.filter((url) => !url.startsWith("models") && !url.startsWith("legend")), []);
    await page.keyboard.press("Space");
    await until("rest", async () => await page.evaluate("begun === done"));
    await page.clock.resume();
    await settled(page);
    await until("tiles", async () => await page.locator(".still").count() === 0);
    await pause(page);
  });

  await t.step("the last frame of a drag and the tiles are one picture", async () => {
    asked.length = 0;
    await page.mouse.move(420, 300);
    await page.mouse.down();
    for (let i = 1; i <= 2; i++) {
      const before = await count(page, "shots");
      await page.mouse.move(420 - 10 * i, 300);
      await until(`frame ${i}`, async () => await count(page, "shots") > before);
    }
    assertEquals(asked, []);
    const drawn = await pixelsOf(page, over);
    await page.clock.resume();
    await page.mouse.up();
    await settled(page);
    await until("the end", async () => await page.locator(".still").count() === 0);
    const tiles = await pixelsOf(page, map);
    assertEquals([drawn.width, drawn.height], [tiles.width, tiles.height]);
    const decibels = likeness(tiles.data, drawn.data);
    console.log(`a frame and tiles that are scaled agree to ${decibels.toFixed(1)} dB`);
    assert(decibels >= 30, `${decibels} dB`);
  });

  await t.step("what the GPU held is freed with the mode", async () => {
    assertEquals(await page.evaluate("freed"), 0);
    await page.locator("[data-mode=weights]").click();
    await until("freed", async () => await page.evaluate("freed") === 1);
  });
}, { switches });

browserTest(
  "without a GPU the server's frames serve, and the reason is told once",
  async (visit) => {
    const { page, asked, warnings, refused } = await open(
      visit,
      "model=burn-mnist&layer=conv3&mode=voxels",
    );
    assertMatch(refused ?? "", /^Moving volumes are drawn by the server: .*(WebGPU|adapter)/);
    asked.length = 0;
    await page.mouse.move(420, 300);
    await page.mouse.down();
    for (let i = 1; i <= 4; i++) {
      const before = await count(page, "shots");
      await page.mouse.move(420 - 5 * i, 300);
      await until(`frame ${i}`, async () => await count(page, "shots") > before);
    }
    await page.mouse.up();
    assert(asked.filter((url) => url.includes("voxels/0/0/0")).length >= 4, asked.join());
    assertEquals(asked.filter((url) => url.startsWith("volume")), []);
    assertEquals(warnings.filter((text) => text.includes("by the server")).length, 1);
  },
);

/** Where no GPU draws, this is a test of the way without one, which live_test.ts goes further. */
async function without(refused: string, t: Deno.TestContext): Promise<void> {
  assertMatch(refused, /WebGPU|adapter|lost|canvas/);
  await t.step({ name: `not here: ${refused}`, ignore: true, fn: () => {} });
}

/** RGBA of a tile as the server draws it. */
async function tilePixels(visit: Visit, path: string): Promise<Uint8ClampedArray> {
  const { default: sharp } = await import("sharp");
  const png = await (await fetch(`${visit.origin}tiles/${path}`)).bytes();
  return new Uint8ClampedArray(await sharp(png).ensureAlpha().raw().toBuffer());
}

/** Peak signal to noise of two pictures of RGBA, in dB, colours times opacity. */
function likeness(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  let squares = 0;
  for (let i = 0; i < a.length; i += 4) {
    const [p, q] = [a[i + 3]!, b[i + 3]!];
    squares += (p - q) ** 2;
    for (let j = i; j < i + 3; j++) squares += ((a[j]! * p - b[j]! * q) / 255) ** 2;
  }
  return 10 * Math.log10(255 ** 2 / Math.max(1e-9, squares / a.length));
}
