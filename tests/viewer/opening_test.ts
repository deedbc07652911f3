import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { inFolder } from "../storage/folder.ts";
import { findChromium, settled, Visit } from "./browser.ts";

const chromium = findChromium();
const name = "the page asks for a token where one is wanted, and opens files that are given to it";
const file = fileURLToPath(new URL("../../fixtures/numpy/version-1.npy", import.meta.url));

if (!chromium) Deno.test.ignore(`${name} (no Chromium here; CHROMIUM=path names one)`, () => {});
else {
  Deno.test(name, () =>
    inFolder(async (uploads) => {
      const reader = "a-token-for-reading", writer = "a-token-for-writing";
      await using visit = await Visit.start(chromium, {
        flags: ["--uploads", uploads],
        env: { SYNAPTILE_TOKENS: `read:${reader},write:${writer}` },
      });
      const page = await visit.blank();
      const give = async (token: string) => {
        await page.fill("dialog[open] input", token);
        await page.keyboard.press("Enter");
      };
      await page.goto(visit.origin);
      await give("not-the-token-at-all");
      await page.getByText("not for this, or unknown").waitFor();
      await give(reader);
      await settled(page);
      await page.click("#model");
      await page.setInputFiles("#models input[type=file]", file);
      await give(writer);
      await page.getByRole("button", { name: "version-1.npy" }).waitFor();
      await settled(page);
      assertEquals(new URL(page.url()).searchParams.get("model"), "version-1");
      assertEquals(Array.from(Deno.readDirSync(uploads), ({ name }) => name), ["version-1"]);
    }));
}
