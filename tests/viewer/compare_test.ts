import { assertEquals, assertMatch } from "@std/assert";
import { findChromium, settled, Visit } from "./browser.ts";

const chromium = findChromium();

Deno.test({
  name: "the page offers the models that a layer can be compared with, and shows the comparison",
  ignore: chromium === null,
  // The browser's driver keeps its own timers and pipes.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const other = "fixtures/formats/gguf/tiny-transformer.gguf";
    await using visit = await Visit.start(chromium!, { flags: [other] });
    const page = await visit.open("?model=tiny-transformer&layer=blocks.0.fc");
    await page.locator("#adjust").click();
    const choice = page.locator("#option-against");
    const ids = await choice.locator("option").evaluateAll((options) =>
      options.map((option) => (option as unknown as { value: string }).value)
    );
    assertEquals(ids, ["", "tiny-transformer-2"]);
    assertEquals(await page.locator("[data-parameter=compare]").count(), 0);
    await choice.selectOption("tiny-transformer-2");
    await settled(page);
    assertMatch(page.url(), /against=tiny-transformer-2/);
    assertMatch(await page.locator("#legend").innerText(), /that of tiny-transformer-2/);
    assertEquals(await page.locator("[data-parameter=compare]").count(), 1);
    await choice.selectOption("");
    await settled(page);
    assertEquals(page.url().includes("against"), false);

    // A layer of a model that no other is like is not offered any.
    const alone = await visit.open("?model=burn-mnist&layer=fc1");
    await alone.locator("#adjust").click();
    assertEquals(await alone.locator("[data-parameter=against]").count(), 0);
    assertEquals(visit.complaints, []);
  },
});
