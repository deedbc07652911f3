import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { modelFile } from "../tile/models.ts";
import { browserTest, settled } from "./browser.ts";

browserTest("the steps of a training are played", async (visit, t) => {
  const page = await visit.open("?model=digits-cnn&layer=fc1&mode=gradients");
  const step = () => new URL(page.url()).searchParams.get("step");
  const shown = () => page.locator("#film-value").inputValue();

  await t.step("at first the last of them is shown", async () => {
    assertEquals([step(), await shown()], [null, "400"]);
    assertEquals(await page.locator("#film-last").innerText(), "of 400");
  });

  await t.step("the slider goes from one to the next", async () => {
    const before = await page.screenshot();
    await page.locator("#film-track").focus();
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(/[?&]step=10/);
    await settled(page);
    assertEquals(await shown(), "10");
    const after = await page.screenshot();
    assertNotEquals(after.toBase64(), before.toBase64());
  });

  await t.step("they are played to the end", async () => {
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(/[?&]step=0/);
    await settled(page);
    await page.locator("#film-play").click();
    await page.waitForFunction(() => !location.search.includes("step="));
    await settled(page);
    assertEquals(await shown(), "400");
  });

  await t.step("another mode is at the same step, and its legend is that step's", async () => {
    await page.locator("#film-track").focus();
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(/[?&]step=10/);
    await settled(page);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.getByRole("radio", { name: /Weights/ }).first().click();
    await settled(page);
    assertEquals(step(), "10");
    const tiles = asked.filter((url) => url.includes("/weights/") && url.includes("/tiles/"));
    assert(tiles.some((url) => url.includes("step=10")), tiles.join());
    const legends = asked.filter((url) => url.includes("/legend/"));
    assert(legends.every((url) => url.includes("step=10")), legends.join());
  });
}, { flags: ["fixtures/captures/digits-cnn"] });

/** A capture whose last step has nothing of "early". */
const folder = await Deno.makeTempDir();
await Deno.mkdir(`${folder}/capture`);
const one = { shape: [2, 3], values: new Float32Array(6) };
for (
  const [name, tensors] of [["a", { "act/early": one, "act/late": one }], ["b", {
    "act/late": one,
  }]] as const
) await Deno.writeFile(`${folder}/capture/${name}.safetensors`, modelFile(tensors));
await Deno.writeTextFile(
  `${folder}/capture/capture.json`,
  JSON.stringify({
    steps: [{ step: 0, file: "a.safetensors" }, { step: 1, file: "b.safetensors" }],
  }),
);

browserTest("a layer that only an early step has is shown there", async (visit) => {
  const page = await visit.open("?model=capture&layer=early&mode=activations&step=0");
  assertEquals(await page.locator("#film-value").inputValue(), "0");
}, { flags: [`${folder}/capture`] });

browserTest("the list has the layers of the step that is shown", async (visit) => {
  const page = await visit.open("?model=capture&layer=late&mode=activations");
  const rows = () => page.locator("#tree .row .label").allTextContents();
  assertEquals(await rows(), ["late"]);
  await page.locator("#film-track").focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForURL(/[?&]step=0/);
  await settled(page);
  assertEquals(await rows(), ["early", "late"]);
  // Its preview is that of a step that has it.
  await page.locator("#tree [data-target=early] .thumb.ready").waitFor();
  await page.locator("#tree [data-target=late] .thumb.ready").waitFor();
  await page.fill("#search", "ear");
  await page.locator("#tree [data-target=late]").waitFor({ state: "detached" });
  assertEquals(await rows(), ["early"]);
  await page.fill("#search", "");
  await page.locator("#tree [data-target=late] .thumb.ready").waitFor();
  await page.locator("#tree [data-target=early]").click();
  await settled(page);
  assertEquals(new URL(page.url()).searchParams.get("layer"), "early");
  assertEquals(new URL(page.url()).searchParams.get("step"), "0");
  // Back at the last step of the other layer there is none of it.
  await page.locator("#tree [data-target=late]").click();
  await settled(page);
  await page.locator("#film-track").focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => !location.search.includes("step="));
  await settled(page);
  assertEquals(await rows(), ["late"]);
}, { flags: [`${folder}/capture`] });

browserTest(
  "previews that were on their way when the list changed come once they are shown again",
  async (visit) => {
    const page = await visit.blank();
    await page.route("**/tiles/**", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await route.continue();
    });
    await page.goto(`${visit.origin}?model=tiny-transformer&layer=head`);
    await page.locator("#tree .thumb").nth(3).waitFor();
    await page.fill("#search", "head");
    await page.waitForTimeout(1500);
    await page.fill("#search", "");
    await page.locator("#tree .thumb").nth(3).waitFor();
    const blank = page.locator("#tree .row:nth-child(-n + 6) .thumb:not(.ready)");
    await blank.first().waitFor({ state: "detached", timeout: 10_000 });
  },
);
