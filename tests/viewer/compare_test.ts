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

Deno.test({
  name:
    "a capture is compared with another of its steps, from the first on, and with other captures",
  ignore: chromium === null,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using visit = await Visit.start(chromium!, { flags: ["fixtures/captures/digits-cnn"] });
    const page = await visit.open("?model=digits-cnn&layer=fc1");
    await page.locator("#adjust").click();
    assertEquals(await page.locator("[data-parameter=against_step]").count(), 0);
    await page.locator("#option-against").selectOption("digits-cnn");
    await settled(page);
    assertMatch(page.url(), /against=digits-cnn&against_step=0/);
    const title = page.locator("#legend");
    assertMatch(await title.innerText(), /that of digits-cnn at step 0/);
    const field = page.locator("#option-against_step");
    assertEquals(await field.inputValue(), "0");
    // The slider goes from one step to the next.
    await page.locator("#option-against_step-track").focus();
    await page.keyboard.press("End");
    await settled(page);
    assertEquals(await field.inputValue(), "400");
    assertEquals(page.url().includes("against_step"), false);
    assertMatch(await title.innerText(), /that of digits-cnn at step 400/);
    await field.fill("10");
    await field.press("Tab");
    await settled(page);
    assertMatch(page.url(), /against_step=10/);
    // Shares have other colours than what has a sign, and the chooser tells which.
    const colours = page.locator("#legend .chooser button").first();
    assertEquals(await colours.innerText(), "Synaptile");
    await page.goto(`${page.url().split("#")[0]}&compare=signs`);
    await settled(page);
    assertEquals(await colours.innerText(), "Viridis");
    await page.locator("#adjust").click();
    await page.locator("#option-against").selectOption("");
    await settled(page);
    assertEquals(page.url().includes("against"), false);
    assertEquals(await page.locator("[data-parameter=against_step]").count(), 0);
    assertEquals(visit.complaints, []);
  },
});
