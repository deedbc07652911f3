import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { openSeadragon } from "../../src/viewer/snippets.ts";
import { browserTest, readNumber, settled } from "./browser.ts";

const file = new URL("../../fixtures/models/burn-mnist.safetensors", import.meta.url);

/** A tensor's element, read here without any of the project's code. */
async function oracle(name: string): Promise<(...index: number[]) => number> {
  const bytes = await Deno.readFile(file);
  const view = new DataView(bytes.buffer);
  const length = Number(view.getBigUint64(0, true));
  const { dtype, shape, data_offsets } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + length)),
  )[name] as { dtype: string; shape: number[]; data_offsets: [number, number] };
  assertEquals(dtype, "F32");
  return (...index) => {
    const at = index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
    return view.getFloat32(8 + length + data_offsets[0] + 4 * at, true);
  };
}

/** What the page says of the cell under the pointer. */
async function underPointer(page: Page, x: number, y: number) {
  await page.mouse.move(x - 3, y);
  await page.mouse.move(x, y);
  await page.waitForTimeout(250);
  const readout = page.locator("#readout");
  await readout.waitFor();
  return {
    where: await readout.locator(".where").textContent(),
    value: readNumber(await readout.locator(".what").innerText()),
  };
}

async function pixels(image: Uint8Array) {
  const { data, info } = await sharp(image).ensureAlpha().raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Largest difference in any channel between a region of the screen and the same region of a tile. */
async function difference(
  page: Page,
  tile: Uint8Array,
  at: { x: number; y: number; width: number; height: number },
): Promise<number> {
  const seen = await pixels(await page.screenshot({ clip: at }));
  const { data, width } = await pixels(tile);
  let worst = 0;
  for (let y = 0; y < at.height; y++) {
    for (let x = 0; x < at.width; x++) {
      for (let c = 0; c < 3; c++) {
        const shown = seen.data[(y * at.width + x) * 4 + c]!;
        worst = Math.max(worst, Math.abs(shown - data[(y * width + x) * 4 + c]!));
      }
    }
  }
  return worst;
}

browserTest("the page in a browser", async (visit, t) => {
  const fc1 = await oracle("fc1.weight"), conv3 = await oracle("conv3.weight");

  // 16 pixels a cell: (200, 16) is in the middle of 1200 × 800.
  const page = await visit.open("?model=burn-mnist&layer=fc1#200,16,10");

  await t.step("the value under the pointer is the tensor's", async () => {
    for (const [x, y] of [[600, 400], [701, 433], [480, 250], [1003, 391]] as const) {
      const column = Math.floor(200 + (x - 600) / 16), row = Math.floor(16 + (y - 400) / 16);
      const { where, value } = await underPointer(page, x, y);
      assertEquals(where, `fc1.weight[${row}, ${column}]`);
      // The page writes six digits.
      assertAlmostEquals(value, fc1(row, column), Math.abs(fc1(row, column)) * 1e-5);
    }
  });

  await t.step("the wheel zooms in about the pointer", async () => {
    const scale = () => page.locator("#scale").innerText();
    assertEquals(await scale(), "1 cell = 16 px");
    await page.mouse.move(701, 433);
    for (let i = 0; i < 3; i++) await page.mouse.wheel(0, -120);
    await settled(page);
    assert(Number((await scale()).match(/= ([\d.]+) px/)?.[1]) > 24, await scale());
    const { where } = await underPointer(page, 701, 433);
    assertEquals(where, "fc1.weight[18, 206]");
  });

  await t.step("searching switches the layer, and Back returns", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("conv3");
    await page.keyboard.press("Enter");
    await page.waitForURL(/layer=conv3/);
    await settled(page);
    assertEquals(await page.locator("#current b").innerText(), "conv3");
    await page.goBack();
    await page.waitForURL(/layer=fc1/);
    await settled(page);
    assertEquals(await page.locator("#current b").innerText(), "fc1");
    await page.goForward();
    await settled(page);
  });

  await t.step("a kernel's cell has its four indices", async () => {
    // Rows are (channel, kernel row), columns (input, kernel column), both in that order.
    await page.keyboard.press("Escape");
    await page.goto(`${visit.origin}?model=burn-mnist&layer=conv3#24,36,4`);
    await settled(page);
    const [column, row] = [24 + 3, 36 - 5];
    const index = [Math.floor(row / 3), Math.floor(column / 3), row % 3, column % 3];
    const { where, value } = await underPointer(page, 600 + 3 * 16 + 8, 400 - 5 * 16 + 8);
    assertEquals(where, `conv3.weight[${index.join(", ")}]`);
    assertAlmostEquals(value, conv3(...index), Math.abs(conv3(...index)) * 1e-5);
  });

  await t.step("a click pins the cell and shows the layer's statistics", async () => {
    await page.mouse.click(600, 400);
    await page.waitForSelector("#layer-summary .figures");
    assertMatch(page.url(), /pin=24,36/);
    const shown = readNumber(await page.locator("#cell .value").innerText());
    assertAlmostEquals(shown, conv3(12, 8, 0, 0), 1e-5 * Math.abs(shown));
    assertMatch(await page.locator("#layer-summary").innerText(), /stable rank/);
    await page.keyboard.press("i");
  });

  await t.step("modes are switched by their number and their button", async () => {
    await page.keyboard.press("2");
    await page.waitForURL(/mode=stats/);
    await settled(page);
    assertEquals(await page.locator("#legend .channels button").count(), 4);
    await page.getByRole("radio", { name: "Weights", exact: true }).click();
    await page.waitForURL(/mode=weights/);
    await settled(page);
    assertEquals(await page.locator("#legend .handle").count(), 2);
    const track = await page.locator("#legend .track").boundingBox();
    assert(track && track.width > 200 && track.height > 8, "the ramp is there to be seen");
  });

  await t.step("a control that the catalogue declares changes address and tiles", async () => {
    await page.locator("#adjust").click();
    await page.locator("#option-normalize").selectOption("minmax");
    await page.waitForURL(/normalize=minmax/);
    await page.keyboard.press("Escape");
    await settled(page);
    assertMatch(await page.locator("#legend header .about").innerText(), /min to max/);
  });

  await t.step("h leaves the map alone, and brings the rest back", async () => {
    await page.locator("#map").focus();
    await page.keyboard.press("h");
    assert(!await page.locator("#legend").isVisible());
    await page.keyboard.press("h");
    assert(await page.locator("#legend").isVisible());
  });
});

browserTest("the screen shows the tiles", async (visit, t) => {
  const tile = async (path: string) => {
    const response = await fetch(`${visit.origin}tiles/burn-mnist/${path}`);
    assertEquals(response.status, 200, await response.clone().text().then((s) => s.slice(0, 200)));
    return response.bytes();
  };

  await t.step("opened cells, pixel by pixel", async () => {
    const page = await visit.open("?model=burn-mnist&layer=conv3&bare=1#24,36,4");
    const at = { x: 600 - 24 * 16, y: 400 - 16 * 16, width: 256, height: 256 };
    // The second row of tiles begins at row 16, 20 above the middle.
    const tall = { ...at, y: 400 - 20 * 16 };
    assertEquals(await difference(page, await tile("conv3/weights/4/0/1.png"), tall), 0);
  });

  await t.step("native and aggregated zooms, pixel by pixel", async () => {
    for (const z of [6, 5]) {
      const page = await visit.open(`?model=burn-mnist&layer=fc1&bare=1#5808,16,${z}`);
      const cells = 2 ** (6 - z);
      const x = 600 - 5808 / cells;
      const column = Math.ceil(-x / 256);
      const at = { x: x + column * 256, y: 400 - 16 / cells, width: 256, height: 32 / cells };
      const png = await tile(`fc1/weights/${z}/${column}/0.png`);
      assertEquals(await difference(page, png, at), 0, `zoom ${z}`);
    }
  });

  await t.step("packed values in full colour, though their alpha is 0", async () => {
    const page = await visit.open("?model=burn-mnist&layer=fc1&mode=stats&bare=1#128,16,6");
    const raw = await tile("fc1/stats/6/0/0.bin");
    const opaque = Uint8Array.from(raw, (value, i) => i % 4 === 3 ? 255 : value);
    const png = await sharp(opaque, { raw: { width: 256, height: 256, channels: 4 } }).png()
      .toBuffer();
    const at = { x: 600 - 128, y: 400 - 16, width: 256, height: 32 };
    assertEquals(await difference(page, png, at), 0);
  });
});

browserTest("the page on a phone", async (visit) => {
  const page = await visit.open("?model=burn-mnist&layer=conv3&theme=light", { phone: true });
  assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 390);
  assertEquals(await page.locator("html").getAttribute("data-theme"), "light");
  await page.locator("#map").tap({ position: { x: 195, y: 400 } });
  await page.waitForSelector("#cell .value");
  const sheet = await page.locator("#inspector").boundingBox();
  assert(sheet !== null && sheet.x === 0 && sheet.width === 390 && sheet.y > 300);
});

browserTest("the snippet that the page copies shows the plane in OpenSeadragon", async (visit) => {
  const subject = {
    model: "burn-mnist",
    layer: "conv3",
    mode: "weights",
    options: { colormap: "viridis" },
    version: "",
  };
  const page = await visit.open("?bare=1");
  const library = new URL("./openseadragon.min.js", import.meta.resolve("openseadragon"));
  await page.route(
    "**/openseadragon.min.js",
    async (route) =>
      route.fulfill({ contentType: "text/javascript", body: await Deno.readTextFile(library) }),
  );
  await page.route(
    "**/embedding.html",
    (route) =>
      route.fulfill({ contentType: "text/html", body: openSeadragon(subject, visit.origin) }),
  );
  const tile = page.waitForResponse(/dzi\/burn-mnist\/conv3\/weights_files\/.*colormap=viridis/);
  await page.goto(`${visit.origin}embedding.html`);
  assertEquals((await tile).status(), 200);
});
