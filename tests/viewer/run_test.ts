import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { networks } from "../run/networks.ts";
import { withRuntime } from "../run/runtime.ts";
import { npyOf, twoInputs } from "../run/two.ts";
import { inFolder } from "../storage/folder.ts";
import { findChromium, settled, Visit } from "./browser.ts";

const chromium = findChromium();
const token = "a-token-for-writing!";
const picture = fileURLToPath(new URL("../../fixtures/pictures/layer.png", import.meta.url));

/** Visits a server of two networks: one of a picture, one of two inputs. */
function runTest(name: string, test: (visit: Visit) => Promise<void>): void {
  if (!chromium) {
    return Deno.test.ignore(`${name} (no Chromium here; CHROMIUM=path names one)`, () => {});
  }
  withRuntime(name, () =>
    inFolder(async (folder) => {
      await Deno.writeFile(`${folder}/two.onnx`, twoInputs());
      await using visit = await Visit.start(chromium, {
        flags: [`${networks}convolutions.onnx`, `${folder}/two.onnx`],
        env: { SYNAPTILE_TOKENS: token },
      });
      await test(visit);
    }));
}

const json = (value: unknown) => {
  const buffer = Buffer.from(JSON.stringify(value));
  return { name: "input.json", mimeType: "application/json", buffer };
};
const run = (page: Page) => page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
const number = (page: Page, name: string) => page.getByRole("spinbutton", { name });
const failure = (page: Page) => page.locator("#run [role=alert]");

/** Drops a file on an element, as a person's desktop does. */
async function drop(page: Page, selector: string, path: string): Promise<void> {
  const bytes = [...await Deno.readFile(path)];
  await page.evaluate(`{
    const dataTransfer = new DataTransfer();
    const file = new File([new Uint8Array([${bytes}])], "dropped.png", { type: "image/png" });
    dataTransfer.items.add(file);
    for (const kind of ["dragover", "drop"]) {
      const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer });
      document.querySelector("${selector}").dispatchEvent(event);
    }
  }`);
}

runTest(
  "a picture that is dropped runs a network of one input, and its activations are shown",
  async (visit) => {
    const page = await visit.open("?model=convolutions");
    assert(await page.locator("#open-run").isVisible());
    await drop(page, "#map", picture);
    await page.fill("dialog[aria-label=Token] input", token);
    await page.keyboard.press("Enter");
    await page.waitForURL(/model=convolutions-live/);
    await settled(page);
    const query = new URL(page.url()).searchParams;
    assertEquals([query.get("layer"), query.get("mode"), query.get("step")], [
      "c1",
      "activations",
      null,
    ]);
    assertEquals(await page.getByRole("dialog").count(), 0);

    // Once more, from the runs themselves: the layer stays, at the newest step.
    const before = await page.screenshot();
    await page.keyboard.press("x");
    const flat = Array(6).fill(Array(8).fill(1));
    await page.setInputFiles("#run input[type=file]", json([[flat, flat, flat]]));
    await run(page);
    await page.waitForSelector("#run", { state: "hidden" });
    await settled(page);
    assertMatch(page.url(), /model=convolutions-live&layer=c1&mode=activations/);
    assertEquals(await page.locator("#film-value").inputValue(), "2");
    assert(`${await page.screenshot()}` !== `${before}`);
  },
);

runTest(
  "each input has a field that says what it takes; what does not fit is told as the server says",
  async (visit) => {
    const page = await visit.open("?model=two");
    await page.evaluate((token) => sessionStorage.setItem("synaptile-token", token), token);
    await page.locator("#open-run").click();
    const dialog = page.getByRole("dialog", { name: "Run two" });
    const x = dialog.getByLabel(/^x F32, batch × 8/), shift = dialog.getByLabel(/^shift F32, 6/);
    assertEquals(await page.evaluate("document.activeElement.id"), await x.getAttribute("id"));
    await x.setInputFiles(json([[1, 2, 3]]));
    await run(page); // nothing is asked while a file is missing
    assert(await dialog.isVisible());
    assertEquals(await failure(page).innerText(), "");
    const buffer = Buffer.from(npyOf([0, 1, 0, 0, 0, 0]));
    await shift.setInputFiles({ name: "s.npy", mimeType: "application/octet-stream", buffer });
    await run(page);
    await failure(page).getByText('input "x" is [1,3], expected [batch, 8]').waitFor();
    await x.setInputFiles({ name: "s.txt", mimeType: "text/plain", buffer });
    await dialog.getByText("s.txt is no picture, .npy or .json.").waitFor();
    assertEquals(await failure(page).innerText(), "");
    await x.setInputFiles(json([[1, 0, 0, 0, 0, 0, 0, 2]]));
    await run(page);
    await page.waitForURL(/model=two-live/);
    await settled(page);
    assertEquals(new URL(page.url()).searchParams.get("mode"), "activations");
  },
);

runTest(
  "a run can be stopped, by its button and by Escape; pictures ask for their scale",
  async (visit) => {
    const page = await visit.open("?model=convolutions");
    let asked = 0;
    const given = () =>
      page.waitForEvent("requestfailed", (request) => request.url().includes("/forward"));
    await page.route("**/forward*", (route) => {
      asked++;
      assertMatch(route.request().url(), /forward\?scale=4&shift=-1$/);
    });
    await page.keyboard.press("x");
    assert(!await number(page, "times").isVisible());
    await page.setInputFiles("#run input[type=file]", picture);
    await number(page, "times").fill("4");
    await number(page, "plus").fill("-1");
    await number(page, "plus").press("Enter");
    await page.locator("#run progress").waitFor();
    assertEquals(await page.locator("#run [role=status]").innerText(), "Running convolutions…");
    let stopped = given();
    await page.keyboard.press("Enter"); // the button to stop has the focus
    await stopped;
    await page.locator("#run").getByText("Stopped.").waitFor();
    assert(await number(page, "times").isEnabled());
    await run(page);
    await page.locator("#run progress").waitFor();
    stopped = given();
    await page.keyboard.press("Escape");
    await stopped;
    await page.waitForSelector("#run", { state: "hidden" });
    assertEquals(asked, 2);
    assertMatch(page.url(), /model=convolutions(?!-live)/);

    // What cannot be run does not offer it.
    await page.goto(`${visit.origin}?model=tiny-transformer`);
    await settled(page);
    assert(!await page.locator("#open-run").isVisible());
  },
);
