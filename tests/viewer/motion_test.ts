import { assert, assertEquals } from "@std/assert";
import { findChromium, settled, Visit } from "./browser.ts";

const chromium = findChromium();
const name =
  "a view that is still moving stays where it goes when the mode changes or a panel opens";

if (!chromium) Deno.test.ignore(`${name} (no Chromium here; CHROMIUM=path names one)`, () => {});
else {
  Deno.test(name, async () => {
    await using visit = await Visit.start(chromium);
    const page = await visit.open("?model=bottleneck-mnist&layer=fc0");
    const zoom = async () => {
      await settled(page);
      await page.waitForTimeout(600);
      return Number(new URL(page.url()).hash.split(",")[2]);
    };
    await page.mouse.move(600, 400);
    for (const key of ["2", "i"]) {
      for (let i = 0; i < 5; i++) await page.mouse.wheel(0, -400);
      const near = await zoom();
      for (let i = 0; i < 3; i++) await page.mouse.wheel(0, 400);
      await page.waitForTimeout(60);
      await page.keyboard.press(key);
      assert(await zoom() < near - 0.3, `${key}: at ${await zoom()}, was at ${near}`);
    }
    assertEquals(visit.complaints, []);
  });
}
