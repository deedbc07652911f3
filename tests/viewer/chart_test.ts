import { assert, assertEquals, assertMatch } from "@std/assert";
import { browserTest, settled } from "./browser.ts";

browserTest(
  "a chart is read where the pointer is, and none is drawn before it is chosen",
  async (visit, t) => {
    const page = await visit.open("?model=tiny-transformer&layer=blocks.0.fc");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));

    await t.step("its place in the switch has a sign of its own", async () => {
      await page.locator("#modes [data-mode=stats]").click();
      await settled(page);
      assertEquals(asked.filter((url) => url.includes("/spectrum/")), []);
      assertEquals(await page.locator("#modes [data-mode=spectrum] .icon").count(), 1);
      await page.locator("#modes [data-mode=spectrum]").click();
      await settled(page);
      // All of it is seen, not what the place was of another plane.
      await page.waitForFunction(() => Number(location.hash.slice(1).split(",")[0]) > 8000);
      assert(asked.some((url) => /tiles\/.*\/spectrum\//.test(url)));
    });

    await t.step("its curves are named with their figures", async () => {
      const names = await page.locator("#legend .curves li span").allInnerTexts();
      assertEquals(names, ["singular values", "power law", "Marchenko–Pastur", "shuffled"]);
      assertMatch(
        await page.locator("#legend .curves small").nth(1).innerText(),
        /alpha 5\.12 · xmin 3\.83/,
      );
    });

    await t.step("the pointer reads what is drawn under it, a click keeps it", async () => {
      const box = (await page.locator("#map").boundingBox())!;
      const [x, y] = [box.x + box.width * 0.42, box.y + box.height / 2];
      await page.mouse.move(x, y);
      await page.waitForSelector("#readout:not([hidden])");
      const read = await page.locator("#readout").innerText();
      assertMatch(read, /blocks\.0\.fc\.weight\s+σ, place \d of 64\s*2\.\d+$/);
      assert(await page.locator("#hovered").isHidden(), "pixels are no cells: none is framed");
      await page.mouse.click(x, y);
      await page.waitForSelector("#inspector .value");
      assertMatch(await page.locator("#inspector .value").innerText(), /σ, place \d+ of 64/);
    });

    await t.step("it is drawn on the page's own ground, unless another is asked for", async () => {
      const groundOf = (url: string) => new URL(url).searchParams.get("ground");
      const next = async (act: () => Promise<void>) => {
        asked.length = 0;
        const tile = page.waitForRequest(/tiles\/.*\/spectrum\//);
        await act();
        await tile;
        await settled(page);
        return asked.filter((url) => url.includes("/spectrum/")).map(groundOf);
      };
      const toggle = () => page.locator("#toggle-theme").click();
      const light = await next(toggle);
      assertEquals(new Set(light), new Set(["light"]));
      assertEquals(new URL(page.url()).searchParams.get("ground"), null);
      assertEquals(await page.locator("#adjust").getAttribute("data-count"), "");
      await page.goto(page.url().replace("mode=spectrum", "mode=spectrum&ground=dark"));
      await settled(page);
      assertEquals(await page.locator("#adjust").getAttribute("data-count"), "1");
      const dark = await next(() => page.reload().then(() => {}));
      assertEquals(new Set(dark), new Set(["dark"]));
    });
    assertEquals(visit.complaints, []);
  },
);
