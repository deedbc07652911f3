import { assert, assertEquals } from "@std/assert";
import openseadragon from "openseadragon/build/openseadragon/openseadragon.min.js" with {
  type: "text",
};
import { chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { fileURLToPath } from "node:url";
import { run } from "../cli/run.ts";
import { findChromium } from "./browser.ts";

const executablePath = findChromium();
const model = fileURLToPath(
  new URL("../../fixtures/models/bottleneck-mnist.safetensors", import.meta.url),
);
const title = "OpenSeadragon opens an exported folder on a server of files alone";

if (!executablePath) {
  Deno.test.ignore(`${title} (no Chromium here: set CHROMIUM)`, () => {});
} else {
  Deno.test(title, async () => {
    const folder = await Deno.makeTempDir();
    const browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--force-color-profile=srgb"],
    });
    try {
      const { code, stderr } = await run("export", model, "fc0", "-o", `${folder}/fc0.dzi`);
      assertEquals([code, stderr], [0, ""]);
      await Deno.writeTextFile(`${folder}/openseadragon.min.js`, openseadragon);
      await Deno.writeTextFile(`${folder}/index.html`, html);
      await using files = serve(folder);
      const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
      await look(page, `http://127.0.0.1:${files.addr.port}/`, folder);
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** The whole plane, which fills its frame with one pixel a cell. */
const html = `<!doctype html>
<body style="margin: 0; background: #123456">
<div id="map" style="width: 784px; height: 512px"></div>
<script src="openseadragon.min.js"></script>
<script>
const viewer = OpenSeadragon({
  id: "map",
  drawer: "canvas",
  showNavigationControl: false,
  imageSmoothingEnabled: false,
  immediateRender: true,
  tileSources: "fc0.dzi",
});
viewer.addHandler("open", () => {
  viewer.world.getItemAt(0).addHandler("fully-loaded-change", ({ fullyLoaded }) => {
    if (fullyLoaded) setTimeout(() => document.body.dataset.ready = "", 200);
  });
});
</script>`;

/**
 * The screen shows the exported tiles, pixel by pixel, and every request was answered. OpenSeadragon
 * stretches tiles by a pixel, so that no seam can show between them.
 */
async function look(page: Page, address: string, folder: string): Promise<void> {
  const answers: string[] = [];
  page.on("response", (response) => {
    if (!response.url().endsWith("favicon.ico")) {
      answers.push(`${response.status()} ${response.url()}`);
    }
  });
  await page.goto(address);
  await page.waitForSelector("body[data-ready]", { state: "attached" });
  assert(answers.length > 8 && answers.every((line) => line.startsWith("200 ")), String(answers));
  const screen = await pixels(await page.screenshot());
  for (const [column, row, wide] of [[0, 0, 256], [1, 1, 256], [3, 1, 16]] as const) {
    const tile = await pixels(await Deno.readFile(`${folder}/fc0_files/10/${column}_${row}.png`));
    assertEquals(tile.width, wide);
    for (const y of [0, 7, 100, 201, 250]) {
      for (let x = 0; x < wide - 5; x += 5) {
        const here = `${screen.near(column * 256 + x, row * 256 + y).join("; ")}`;
        assert(here.includes(String(tile.at(x, y))), `${column}_${row} at ${x}, ${y}: ${here}`);
      }
    }
  }
  assertEquals(screen.at(790, 100), [0x12, 0x34, 0x56]);
}

async function pixels(file: Uint8Array) {
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({
    resolveWithObject: true,
  });
  const at = (x: number, y: number) => {
    const from = (Math.max(0, y) * info.width + Math.max(0, x)) * info.channels;
    return [...data.subarray(from, from + 3)];
  };
  const near = (x: number, y: number) =>
    [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => at(x + dx, y + dy)));
  return { width: info.width, at, near };
}

function serve(folder: string) {
  const types: Record<string, string> = { html: "text/html", js: "text/javascript" };
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const path = pathname === "/" ? "/index.html" : pathname;
    try {
      const type = types[path.slice(path.lastIndexOf(".") + 1)];
      const headers = type ? { "Content-Type": type } : undefined;
      return new Response(await Deno.readFile(folder + path), headers ? { headers } : {});
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new Response(null, { status: 404 });
      throw error;
    }
  });
}
