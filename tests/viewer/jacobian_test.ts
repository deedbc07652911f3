import { assert, assertEquals, assertMatch } from "@std/assert";
import { browserTest, settled } from "./browser.ts";

browserTest(
  "a Jacobian is chosen like any mode, and its legend tells what hues mean",
  async (visit) => {
    const page = await visit.open("?model=digits-cnn&layer=fc2");
    await page.getByRole("radio", { name: /Jacobian/ }).first().click();
    await settled(page);
    assertMatch(page.url(), /mode=jacobian/);
    const legend = page.locator("#legend");
    assertEquals(await legend.locator("h2").innerText(), "‖∂y/∂x‖, sample 0");
    assertEquals(
      await legend.locator(".more .ticks").innerText().then((text) => text.split(/\s+/)),
      [
        ...["−180°", "−90°", "0°", "90°", "180°"],
      ],
    );
    const words = await legend.locator(".more").innerText();
    assertMatch(words, /angle of what a brighter pixel does/);
    assertMatch(words, /frobenius \d/);
    const before = await page.locator("#map, canvas").first().screenshot();
    await page.goto(page.url().replace("mode=jacobian", "mode=jacobian&sample=3"));
    await settled(page);
    assertEquals(await legend.locator("h2").innerText(), "‖∂y/∂x‖, sample 3");
    const after = await page.locator("#map, canvas").first().screenshot();
    assert(before.toBase64() !== after.toBase64());
    // Of the other modes, none has hues.
    await page.getByRole("radio", { name: /Weights/ }).first().click();
    await settled(page);
    assertEquals(await legend.locator(".more").innerText(), "");
  },
  { flags: ["fixtures/captures/digits-cnn"] },
);

browserTest(
  "a layer's histogram has the colours and the mark of its own values only, not of what is made of them",
  async (visit) => {
    const page = await visit.open("?model=digits-cnn&layer=fc1&panels=inspector&pin=3,4");
    const about = page.locator("#layer-summary > .about");
    const shown = async (query: string) => {
      await page.goto(`${visit.origin}?model=digits-cnn&panels=inspector&pin=3,4&${query}`);
      await settled(page);
      await page.locator("#layer-summary figure svg").first().waitFor();
      const bars = await page.locator("#layer-summary figure:first-of-type rect")
        .evaluateAll((bars) => bars.map((bar) => bar.getAttribute("fill")));
      const marks = await page.locator("#layer-summary figure:first-of-type .mark").count();
      return { colours: new Set(bars).size, marks, about: await about.innerText() };
    };
    const own = await shown("layer=fc1");
    assert(own.colours > 20 && own.marks === 1, JSON.stringify(own));
    assertEquals(own.about, "linear · F32 · 48 × 384");
    const gradient = await shown("layer=fc1&mode=gradients");
    assert(gradient.colours > 20 && gradient.marks === 1, JSON.stringify(gradient));
    assertEquals(gradient.about, "F16 · 48 × 384", "a gradient is no linear layer");
    for (
      const [query, words] of [
        ["layer=fc2&mode=jacobian", "U8 · 8 × 3 × 32 × 32"],
        ["layer=conv2&mode=norms", "convolution · F32 · 16 × 8 × 3 × 3"],
        ["layer=fc1&against=digits-cnn&against_step=0", "linear · F32 · 48 × 384"],
      ]
    ) {
      assertEquals(await shown(query!), { colours: 1, marks: 0, about: words });
    }
  },
  { flags: ["fixtures/captures/digits-cnn"] },
);
