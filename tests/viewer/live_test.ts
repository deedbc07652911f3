import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, settled } from "./browser.ts";

const parameter = (page: Page, name: string) => new URL(page.url()).searchParams.get(name);

/** What is seen of the map, short enough to be told. */
async function picture(page: Page): Promise<string> {
  const png = await page.screenshot({ clip: { x: 400, y: 150, width: 600, height: 500 } });
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(png));
  return new Uint8Array(digest).toHex();
}

/** Counts frames in which nothing is seen in the middle of the volume. */
const watchBlanks = (page: Page) =>
  page.evaluate(`
    globalThis.seen = { blank: 0, frames: 0 };
    (function look() {
      const all = [...document.querySelectorAll("#map canvas")];
      const isThere = (canvas) => {
        const [x, y] = [0.6 * canvas.width, 0.55 * canvas.height];
        const { data } = canvas.getContext("2d").getImageData(x, y, 16, 16);
        return data.some((value, i) => i % 4 === 3 && value > 0);
      };
      const still = all.find((canvas) => canvas.matches(".still.opaque"));
      seen.frames++;
      if (!(still ? isThere(still) : all.some(isThere))) seen.blank++;
      requestAnimationFrame(look);
    })();
  `);

async function seenBlank(page: Page): Promise<void> {
  const { blank, frames } = await page.evaluate<{ blank: number; frames: number }>("seen");
  assert(frames > 10, `only ${frames} frames`);
  assertEquals(blank, 0);
}

/** The volume's tiles that are asked for from now on. */
function watchTiles(page: Page): { z: number; yaw: string | null }[] {
  const asked: { z: number; yaw: string | null }[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    const z = url.pathname.match(/^\/tiles\/.*\/voxels\/(\d+)\//)?.[1];
    if (z !== undefined) asked.push({ z: Number(z), yaw: url.searchParams.get("yaw") });
  });
  return asked;
}

browserTest("a volume is turned by hand and by keys", async (visit, t) => {
  const page = await visit.open("?model=burn-mnist&layer=conv3&mode=voxels#16384,16384,1.4");
  const asked = watchTiles(page);
  const first = await picture(page);

  await t.step("how is said until it has been turned once", async () => {
    assert(await page.locator("#hint.shown").isVisible());
  });

  await t.step("a drag turns, shows small pictures meanwhile and tiles at the end", async () => {
    asked.length = 0;
    await watchBlanks(page);
    await page.mouse.move(700, 400);
    await page.mouse.down();
    let longest = 0;
    for (let i = 1; i <= 20; i++) {
      const before = performance.now();
      await page.mouse.move(700 - 5 * i, 400 + 2 * i);
      await page.waitForTimeout(20);
      longest = Math.max(longest, performance.now() - before);
    }
    const meanwhile = [...asked];
    assert(meanwhile.length >= 3, `only ${meanwhile.length} pictures on the way`);
    // Where the machine was too busy, the hand may have seemed to rest.
    if (longest < 100) assertEquals(meanwhile.filter(({ z }) => z > 0), []);
    assert(meanwhile.filter(({ z }) => z === 0).length >= 3);
    assert(await page.locator(".still.opaque").count() > 0);
    await page.mouse.up();
    await settled(page);
    await page.waitForTimeout(500);
    assertEquals(parameter(page, "yaw"), "75");
    assertEquals(parameter(page, "pitch"), "41");
    const tiles = asked.filter(({ z }) => z > 0);
    assert(tiles.length > 0, "no tiles came");
    if (longest < 100) assertEquals(tiles.filter(({ yaw }) => yaw !== "75"), []);
    assertEquals(await page.locator(".still").count(), 0);
    await seenBlank(page);
    assertNotEquals(await picture(page), first);
    assert(!await page.locator("#hint.shown").isVisible());
    assertEquals(await page.locator("#film-value").inputValue(), "75");
  });

  await t.step("Back undoes the whole drag", async () => {
    await page.goBack();
    await settled(page);
    assertEquals(parameter(page, "yaw"), null);
    assertEquals(await picture(page), first);
    await page.goForward();
    await settled(page);
    assertEquals(parameter(page, "yaw"), "75");
  });

  await t.step("a hand that rests sees tiles, and goes on with the same step", async () => {
    const before = await page.evaluate("history.length") as number;
    await page.mouse.move(700, 400);
    await page.mouse.down();
    await page.mouse.move(710, 400, { steps: 2 });
    await page.waitForTimeout(400);
    await settled(page);
    asked.length = 0;
    await page.mouse.move(720, 400, { steps: 2 });
    await page.waitForTimeout(60);
    assert(asked.length > 0 && asked.every(({ z }) => z === 0), JSON.stringify(asked));
    await page.mouse.up();
    await settled(page);
    await page.waitForTimeout(450);
    assertEquals(parameter(page, "yaw"), "67");
    assertEquals(await page.evaluate("history.length"), before + 1);
  });

  await t.step("arrows turn, with shift they move; r turns back", async () => {
    await page.locator("#map").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowUp");
    await settled(page);
    await page.waitForTimeout(500);
    assertEquals(parameter(page, "yaw"), "77");
    assertEquals(parameter(page, "pitch"), "51");
    assertEquals(await page.locator("#turned").textContent(), "Turn 77°, Tilt 51°");
    const at = () => new URL(page.url()).hash;
    const before = at();
    await page.keyboard.press("Shift+ArrowRight");
    await page.waitForTimeout(800);
    assertNotEquals(at(), before);
    assertEquals(parameter(page, "yaw"), "77");
    await page.keyboard.press("r");
    await page.waitForTimeout(700);
    assertEquals([parameter(page, "yaw"), parameter(page, "pitch")], [null, null]);
  });

  await t.step(
    "a drag with shift or the middle button moves, the wheel zooms",
    async () => {
      const at = async () => {
        await page.waitForTimeout(800);
        return new URL(page.url()).hash.slice(1).split(",").map(Number);
      };
      const drag = async (button: "left" | "middle") => {
        await page.mouse.move(700, 400);
        await page.mouse.down({ button });
        await page.mouse.move(640, 380, { steps: 5 });
        await page.mouse.up({ button });
      };
      await page.keyboard.press("0");
      const before = await at();
      await page.keyboard.down("Shift");
      await drag("left");
      await page.keyboard.up("Shift");
      const after = await at();
      assert(after[0]! > before[0]! + 1000 && after[1]! > before[1]!, `${before} to ${after}`);
      await drag("middle");
      const last = await at();
      // 60 pixels, of which each is 50 cells.
      const moved = last[0]! - after[0]!;
      assert(moved > 2500 && moved < 3500, `${after} to ${last}`);
      assertMatch(await page.locator("#scale").innerText(), /^1 ×$/);
      for (let i = 0; i < 3; i++) await page.mouse.wheel(0, -120);
      await page.waitForTimeout(800);
      assert(parseFloat(await page.locator("#scale").innerText()) > 1.3);
      assertEquals(parameter(page, "yaw"), null);
    },
  );

  await t.step("a click reads no cell", async () => {
    await page.mouse.click(700, 400);
    await page.waitForTimeout(300);
    assertEquals(parameter(page, "pin"), null);
    assert(!await page.locator("#inspector").isVisible());
    assert(!await page.locator("#readout").isVisible());
  });
});

browserTest("a volume is turned by one finger and zoomed by two", async (visit) => {
  const page = await visit.open("?model=burn-mnist&layer=conv3&mode=voxels", { phone: true });
  const device = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...at: [number, number][]) =>
    device.send("Input.dispatchTouchEvent", { type, touchPoints: at.map(([x, y]) => ({ x, y })) });
  await touch("touchStart", [200, 400]);
  for (let i = 1; i <= 10; i++) {
    await touch("touchMove", [200 - 5 * i, 400]);
    await page.waitForTimeout(20);
  }
  await touch("touchEnd");
  await settled(page);
  await page.waitForTimeout(500);
  assertEquals(parameter(page, "yaw"), "55");
  assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 390);
  const before = parseFloat(await page.locator("#scale").innerText());
  await touch("touchStart", [180, 400], [220, 400]);
  for (let i = 1; i <= 10; i++) {
    await touch("touchMove", [180 - 5 * i, 400], [220 + 5 * i, 400]);
    await page.waitForTimeout(20);
  }
  await touch("touchEnd");
  await settled(page);
  await page.waitForTimeout(600);
  assertEquals(parameter(page, "yaw"), "55");
  assert(parseFloat(await page.locator("#scale").innerText()) > 1.5 * before);
});
