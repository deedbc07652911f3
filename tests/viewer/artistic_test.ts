import { assertEquals, assertMatch } from "@std/assert";
import { findChromium, settled, Visit } from "./browser.ts";

const chromium = findChromium();

Deno.test({
  name: "what distorts is offered in artistic mode alone, and gone with it",
  ignore: chromium === null,
  // The browser's driver keeps its own timers and pipes.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using visit = await Visit.start(chromium!);
    const page = await visit.open("?model=tiny-transformer&layer=blocks.0.fc");
    await page.locator("#adjust").click();
    assertEquals(await page.locator("[data-parameter=blend]").count(), 0);
    await page.getByRole("radio", { name: "Artistic" }).check();
    await settled(page);
    if (!await page.locator("#option-blend").isVisible()) await page.locator("#adjust").click();
    await page.locator("#option-blend").fill("0");
    await page.keyboard.press("Enter");
    await page.waitForURL(/[?&]blend=0(&|#|$)/);
    await settled(page);
    assertMatch(page.url(), /scientific=0/);
    assertMatch(await page.locator("#legend").innerText(), /blended 1× by λ = 0/);
    await page.getByRole("radio", { name: "Scientific" }).check();
    await settled(page);
    assertEquals(/blend|scientific/.test(page.url()), false);
    assertEquals(await page.locator("[data-parameter=blend]").count(), 0);
    await page.goBack();
    await settled(page);
    assertMatch(page.url(), /blend=0/);
    assertEquals(visit.complaints, []);
  },
});
