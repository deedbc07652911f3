import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import norms from "../../fixtures/reference/norms/tiny-transformer.json" with { type: "json" };
import { browserTest, readNumber, settled } from "./browser.ts";

const MODEL = "tiny-transformer", TENSOR = "blocks.2.fc.weight", CHANNEL = 77;
const { outputs, frobenius } = norms[TENSOR];

browserTest("the norms of a whole model, and those of its layers", async (visit, t) => {
  const map = `tiles/${MODEL}/_/norms/map.json`;
  const { regions, nativeZoom } = await (await fetch(visit.origin + map)).json();
  const { x, y, width } = regions.find(({ tensor }: { tensor: string }) => tensor === TENSOR);
  const [column, row] = [CHANNEL % width, Math.floor(CHANNEL / width)];
  const page = await visit.open(`?model=${MODEL}`);
  const readout = async () => {
    await page.mouse.move(599, 400);
    await page.mouse.move(600, 400);
    await page.locator("#readout").waitFor();
    assertEquals(await page.locator("#readout .where b").textContent(), `[${CHANNEL}]`);
    return page.locator("#readout .what");
  };

  await t.step(
    "are a mode of the map, which nothing is drawn of before it is asked for",
    async () => {
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      const button = page.locator('#modes [data-mode="norms"]');
      assertEquals(await button.locator("canvas").count(), 0);
      assertEquals(asked.filter((url) => url.includes("/norms/")), []);
      await button.click();
      await page.waitForURL(/mode=norms/);
      await settled(page);
      assertMatch(await page.locator("#legend").innerText(), /Norms of kernels and channels/);
    },
  );

  await t.step("tell of a cell the tensor, the channel and its norm", async () => {
    const at = `${x + column + 0.5},${y + row + 0.5},${nativeZoom + 4}`;
    await page.goto("about:blank");
    await page.goto(`${visit.origin}?model=${MODEL}&layer=_&mode=norms#${at}`);
    await settled(page);
    const what = await readout();
    assertEquals(await page.locator("#readout .where span").textContent(), TENSOR);
    const [norm, value] = [await what.locator("small").innerText(), await what.innerText()];
    assertAlmostEquals(readNumber(/norm (\S+), relative/.exec(norm)![1]!), outputs[CHANNEL]!, 1e-3);
    const unit = frobenius / Math.sqrt(outputs.length);
    assertAlmostEquals(readNumber(value.replace(norm, "")), outputs[CHANNEL]! / unit, 1e-5);
  });

  await t.step("lead to those of a layer and back", async () => {
    await page.mouse.dblclick(600, 400);
    await page.waitForURL(/layer=blocks\.2\.fc&mode=norms/);
    await settled(page);
    const what = await readout();
    assertAlmostEquals(readNumber(await what.innerText()), outputs[CHANNEL]!, 1e-5);
    await page.locator("#to-map").click();
    await page.waitForURL(/layer=_&mode=norms/);
    await settled(page);
    assertEquals(await page.locator("#current b").innerText(), "The whole model");
  });

  await t.step("are shown though one comes from a place that their plane has not", async () => {
    await page.goto("about:blank");
    await page.goto(`${visit.origin}?model=${MODEL}&layer=blocks.2.fc#60,200,3`);
    await settled(page);
    await page.locator('#modes [data-mode="norms"]').click();
    await page.waitForURL(/mode=norms/);
    await settled(page);
    const [left = 0, top = 0] = new URL(page.url()).hash.slice(1).split(",").map(Number);
    assertEquals([left < 16, top < 16], [true, true], page.url());
  });
  assertEquals(visit.complaints, []);
});
