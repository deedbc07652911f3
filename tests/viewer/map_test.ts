import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, readNumber, settled, type Visit } from "./browser.ts";

interface Region {
  tensor: string;
  x: number;
  y: number;
  width: number;
  height: number;
  left: number;
  top: number;
}

const MODEL = "tiny-transformer";

async function regionsOf({ origin }: Visit): Promise<{ regions: Region[]; nativeZoom: number }> {
  return await (await fetch(`${origin}tiles/${MODEL}/_/map/map.json`)).json();
}

/** Opaque pixels of the names and outlines. */
const inked = (page: Page): Promise<number> =>
  page.evaluate(`{
    const canvas = document.querySelector("#labels");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    data.reduce((sum, value, i) => sum + Number(i % 4 === 3 && value > 120), 0);
  }`);

const placeOf = (page: Page) => new URL(page.url()).hash.slice(1).split(",").map(Number);

/** A click in the middle of a page of 1200 × 800, twice. */
const twice = (page: Page) => page.mouse.dblclick(600, 400);

/** Where the page draws the tiles, without what lies over them. */
const drawn = 'document.querySelector("#map .openseadragon-canvas canvas")';

const middle = (page: Page): Promise<number[]> =>
  page.evaluate(`{
    const canvas = ${drawn};
    const [x, y] = [canvas.width / 2, canvas.height / 2];
    Array.from(canvas.getContext("2d").getImageData(x, y, 8, 8).data);
  }`);

browserTest("a model opens as a map of all of it", async (visit, t) => {
  const { regions, nativeZoom } = await regionsOf(visit);
  const page = await visit.open(`?model=${MODEL}`);

  await t.step("with names, which n takes away, and the address tells so", async () => {
    assertEquals(await page.locator("#current b").innerText(), "The whole model");
    assertEquals(await page.title(), `${MODEL} · Synaptile`);
    assert(await inked(page) > 1000);
    await page.keyboard.press("n");
    await page.waitForURL(/labels=0/);
    const without = await inked(page);
    await page.keyboard.press("n");
    assert(await inked(page) > 2 * without + 500);
  });

  const qkv = regions.find(({ tensor }) => tensor === "blocks.2.qkv.weight")!;
  const [column, row] = [17, 33];
  const at = `${qkv.x + column + 0.5},${qkv.y + row + 0.5},${nativeZoom + 3}`;
  const url = `?model=${MODEL}&layer=_#${at}`;

  await t.step("a tensor is read under the pointer, and nothing between tensors", async () => {
    await page.goto("about:blank");
    await page.goto(visit.origin + url);
    await settled(page);
    await page.mouse.move(599, 400);
    await page.mouse.move(600, 400);
    await page.locator("#readout").waitFor();
    const where = await page.locator("#readout .where").textContent();
    assertEquals(where, `blocks.2.qkv.weight[${row}, ${column}]`);
    const inspect = `${visit.origin}inspect/${MODEL}/blocks.2.qkv/weights?x=${column}&y=${row}`;
    const { value } = await (await fetch(inspect)).json();
    const shown = readNumber(await page.locator("#readout .what").innerText());
    assertAlmostEquals(shown, value, Math.abs(value) * 1e-5);
    // The gutter to its right.
    await page.mouse.move(600 + 8 * (qkv.width - column) + 2, 400);
    await page.waitForTimeout(200);
    assert(!await page.locator("#readout").isVisible());
    await page.mouse.dblclick(600 + 8 * (qkv.width - column) + 2, 400);
    await settled(page);
    assertEquals(await page.locator("#scale").innerText(), "1 cell = 8 px");
    assertMatch(page.url(), /layer=_/);
  });

  await t.step("a double click opens the layer, the cell where it was and as large", async () => {
    const before = await middle(page);
    await twice(page);
    await page.waitForURL(/layer=blocks\.2\.qkv/);
    await settled(page);
    const [x, y] = placeOf(page);
    assertAlmostEquals(x!, column + 0.5, 0.01);
    assertAlmostEquals(y!, row + 0.5, 0.01);
    assertEquals(await page.locator("#scale").innerText(), "1 cell = 8 px");
    assertEquals(await middle(page), before);
    assert(!await page.locator("#inspector").isVisible(), "two clicks are no click");
  });

  await t.step("Back returns to the same place of the map", async () => {
    await page.goBack();
    await page.waitForURL(/layer=_/);
    await settled(page);
    assertEquals(
      placeOf(page).map((v) => v.toFixed(1)).join(),
      `${at.split(",").map((v) => Number(v).toFixed(1))}`,
    );
  });

  await t.step("a click reads the cell, and Enter opens its layer", async () => {
    await page.mouse.click(600, 400);
    await page.waitForSelector("#layer-summary .figures");
    assertMatch(await page.locator("#layer-summary h2").innerText(), /blocks\.2\.qkv/);
    assertMatch(await page.locator("#cell").innerText(), /blocks\.2\.qkv\.weight/);
    await page.locator("#map").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/layer=blocks\.2\.qkv/);
    await settled(page);
    assertMatch(page.url(), new RegExp(`pin=${column},${row}`));
  });

  await t.step(
    "Escape lets go of the pin, then goes back to the map around the layer",
    async () => {
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.waitForURL(/layer=_/);
      await settled(page);
      await page.waitForTimeout(900);
      const [x, y] = placeOf(page);
      const inside = x! > qkv.x - 200 && x! < qkv.x + qkv.width && y! > qkv.y - 60 &&
        y! < qkv.y + qkv.height + 60;
      assert(inside, `at ${x}, ${y}`);
    },
  );

  await t.step("a search goes to what is found, and Enter again opens it", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("head");
    await page.locator("#search-hint").waitFor();
    const before = page.url();
    await page.keyboard.press("Enter");
    await page.waitForFunction((before) => location.href !== before, before);
    assertMatch(page.url(), /layer=_/);
    const head = regions.find(({ tensor }) => tensor === "head.weight")!;
    const [x, y] = placeOf(page);
    assert(Math.abs(y! - head.y) < head.height + 60 && Math.abs(x! - head.x) < 200, `${x}, ${y}`);
    await page.keyboard.press("Enter");
    await page.waitForURL(/layer=head/);
    await settled(page);
  });
});

browserTest("estimates sharpen as the server reads, and are never blank", async (visit) => {
  const page = await visit.open("?model=digits-mlp-f16&bare=1");
  const { version } = await (await fetch(`${visit.origin}models/digits-mlp-f16`)).json();
  let asked = 0, isExact = false;
  const state = (state: string, done: number) =>
    `event: ingest\ndata: ${
      JSON.stringify({
        ...{ model: "digits-mlp-f16", version, state, done, total: 100, failures: [] },
        layers: { done: 0, total: 7 },
      })
    }\n\n`;
  await page.route("**/events?**", async (route) => {
    isExact = asked++ > 0;
    const { layers } = await (await fetch(`${visit.origin}models/digits-mlp-f16`)).json();
    const read = layers.flatMap(({ tensors }: { tensors: string[] }) => tensors)
      .map((tensor: string) =>
        `event: layer\ndata: ${JSON.stringify({ model: "digits-mlp-f16", version, tensor })}\n\n`
      );
    const body = isExact
      ? state("running", 80) + read.join("") + state("done", 100)
      : state("running", 43);
    await route.fulfill({ contentType: "text/event-stream", body });
  });
  // An estimate is another picture here, so that its going can be seen.
  await page.route("**/tiles/**/*.png*", async (route) => {
    const url = isExact ? route.request().url() : `${route.request().url()}&colormap=viridis`;
    const response = await route.fetch({ url });
    const headers = {
      ...response.headers(),
      "cache-control": "no-store",
      ...(isExact ? {} : { "synaptile-refinement": "0.25", "synaptile-standard-error": "0.25" }),
    };
    await route.fulfill({ response, headers });
  });
  await page.goto(`${visit.origin}?model=digits-mlp-f16&layer=_`);
  await page.getByText("Reading the model: 43 %").waitFor();
  await settled(page);
  await page.route("**/_/ingest", async (route) => {
    assertEquals(route.request().postDataJSON(), { state: "paused" });
    const [, data] = state("paused", 43).split("data: ");
    await route.fulfill({ contentType: "application/json", body: data! });
  });
  await page.getByRole("button", { name: "Let it rest" }).click();
  await page.getByText("paused at 43 %").waitFor();
  await page.getByText("± 0.25 of a scale").waitFor();
  const estimate = await middle(page);
  await page.evaluate(`
    globalThis.seen = { blank: 0, frames: 0 };
    (function look() {
      const canvas = ${drawn};
      const { data } = canvas.getContext("2d")
        .getImageData(canvas.width / 2, canvas.height / 2, 1, 1);
      seen.frames++;
      if (data[3] === 0) seen.blank++;
      requestAnimationFrame(look);
    })();
  `);
  await page.getByText("every picture is exact").waitFor();
  await page.waitForTimeout(1500);
  const exact = await middle(page);
  assertNotEquals(exact, estimate);
  const { blank, frames } = await page.evaluate<{ blank: number; frames: number }>("seen");
  assertEquals(blank, 0);
  assert(frames > 10);
  assert(!await page.getByText("is an estimate").isVisible());
});
