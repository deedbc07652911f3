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
