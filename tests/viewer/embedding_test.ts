import { assert, assertEquals } from "@std/assert";
import leafletStyle from "leaflet/dist/leaflet.css" with { type: "text" };
import leaflet from "leaflet/dist/leaflet.js" with { type: "text" };
import openseadragon from "openseadragon/build/openseadragon/openseadragon.min.js" with {
  type: "text",
};
import type { Page } from "playwright-core";
import sharp from "sharp";
import { findChromium, Visit } from "./browser.ts";

// The README's snippets, as they stand there but for the server's address, in a page of another origin.
const libraries: Record<string, [string, string]> = {
  "openseadragon.min.js": ["text/javascript", openseadragon],
  "leaflet.js": ["text/javascript", leaflet],
  "leaflet.css": ["text/css", leafletStyle],
};

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
const snippets = [...readme.matchAll(/```html\n(.*?)```/gs)].map(([, html]) => html!);
const chromium = findChromium();

Deno.test("the README has a snippet for OpenSeadragon and one for Leaflet", () => {
  assertEquals(snippets.map((html) => html.match(/OpenSeadragon\(|L\.map\(/)?.[0]), [
    "OpenSeadragon(",
    "L.map(",
  ]);
});

if (!chromium) {
  Deno.test.ignore("the README's snippets draw tiles (no Chromium here: set CHROMIUM)", () => {});
} else {
  Deno.test("the README's snippets draw tiles in a page of another origin", async (t) => {
    await using visit = await Visit.start(chromium);
    for (const snippet of snippets) {
      await t.step(snippet.includes("OpenSeadragon") ? "OpenSeadragon" : "Leaflet", async () => {
        const page = await visit.blank();
        const { shown, answers } = await embed(page, snippet, visit.origin);
        assert(answers.length > 0 && answers.every((status) => status === 200), String(answers));
        assert(shown > 100, `only ${shown} different colours in the picture`);
        await page.close();
      });
    }
  });
}

/** Looks at a page, a quarter of a second apart, until it shows a picture. */
const LOOKS = 40;

/** Opens the snippet; answers the tiles' statuses and how many colours the picture has. */
async function embed(page: Page, snippet: string, origin: string) {
  const answers: (number | string)[] = [];
  page.on("response", (response) => {
    if (response.url().startsWith(origin)) answers.push(response.status());
  });
  // A browser keeps an image's 404 to itself: the request fails.
  page.on("requestfailed", (request) => answers.push(request.url()));
  const html = `<!doctype html>${snippet.replaceAll("http://localhost:8080/", origin)}`;
  await using host = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const [type, body] = libraries[new URL(request.url).pathname.slice(1)] ?? ["text/html", html];
      return new Response(body, { headers: { "Content-Type": type } });
    },
  );
  await page.goto(`http://127.0.0.1:${host.addr.port}/`);
  await page.waitForLoadState("networkidle");
  // Whatever the viewer has fetched it draws in its own time.
  let shown = 0;
  for (let look = 0; look < LOOKS && shown <= 100; look++) {
    await page.waitForTimeout(250);
    shown = await coloursOf(page);
  }
  return { shown, answers };
}

/** How many different colours a page shows. */
async function coloursOf(page: Page): Promise<number> {
  const { data, info } = await sharp(await page.screenshot()).raw()
    .toBuffer({ resolveWithObject: true });
  const colours = new Set<number>();
  for (let i = 0; i < data.length; i += info.channels) {
    colours.add(data[i]! << 16 | data[i + 1]! << 8 | data[i + 2]!);
  }
  return colours.size;
}
