import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { squareOf } from "../../src/viewer/square.ts";
import { browserTest, readNumber, settled } from "./browser.ts";

const file = new URL("../../fixtures/models/burn-mnist.safetensors", import.meta.url);

/** A tensor's elements, read here without any of the project's code. */
async function elements(name: string): Promise<Float32Array> {
  const bytes = await Deno.readFile(file);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const [from, to] = header[name].data_offsets as [number, number];
  return new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer);
}

browserTest("a slice's cubes are read as what they are", async (visit, t) => {
  const values = await elements("conv3.weight");
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // 24 slices of 12 × 12 cells, an element of a 3 × 3 kernel each; 32 pixels a cell.
  const at = (query: string) => `?model=burn-mnist&layer=conv3&mode=octree&slice=12${query}#6,6,5`;
  const page = await visit.open(at("&epsilon=1000"));

  await t.step(
    "the pointer tells the mean of the cube, and the frame is around all of it",
    async () => {
      await page.mouse.move(597, 400);
      await page.mouse.move(600, 410);
      await page.locator("#readout small").waitFor();
      const what = page.locator("#readout .what");
      assertMatch(await what.innerText(), /mean of 32 × 32 × 32/);
      const told = (await what.innerText()).replace(/mean of .*32/, "");
      assertAlmostEquals(readNumber(told), mean, 1e-3 * Math.abs(mean));
      const frame = await page.locator("#hovered").boundingBox();
      assertEquals([frame!.width, frame!.height], [32 * 32, 32 * 32]);
      await page.mouse.move(630, 450);
      assertEquals(await page.locator("#hovered").boundingBox(), frame);
    },
  );

  await t.step("a click tells its figures, and the cell's own value", async () => {
    await page.mouse.click(610, 410);
    await page.waitForSelector("#layer-summary .figures");
    const told = await page.locator("#cell").innerText();
    assertMatch(told, /One cube: its cells differ by less than/);
    assertMatch(told, /first cell\s+0, 0, 0/);
    assertEquals(values.length, 3456);
    const read = async (name: string) =>
      readNumber(await page.locator(`#cell dt:text-is("${name}") + dd`).innerText());
    const close = (got: number, want: number) =>
      assertAlmostEquals(got, want, 1e-3 * Math.abs(want), `${got} ${want}`);
    close(await read("highest"), values.reduce((a, b) => Math.max(a, b)));
    close(await read("lowest"), values.reduce((a, b) => Math.min(a, b)));
    assertMatch(told, /values\s+3\u2009456/);
    // Cell (6, 6): the first of the kernel in row 2, column 2 of rows of four.
    close(await read("this cell"), values[(12 * 16 + 10) * 9]!);
    await page.keyboard.press("i");
  });

  await t.step("where nothing merges, a cell is read as ever", async () => {
    await page.goto(`${visit.origin}${at("&epsilon=0.000001")}`);
    await settled(page);
    await page.mouse.move(597, 400);
    await page.mouse.move(605, 410);
    const what = page.locator("#readout .what");
    await what.waitFor();
    await page.waitForTimeout(250);
    assertAlmostEquals(readNumber(await what.innerText()), values[(12 * 16 + 10) * 9]!, 1e-6);
    const frame = await page.locator("#hovered").boundingBox();
    assertEquals(frame!.width, 32);
  });
});

Deno.test("a cube's face is found from any block in it", () => {
  const figures = { mean: 1, variance: 0, min: 1, max: 1, count: 512, epsilon: 1 };
  const found = { cube: { corner: [16, 8, 0], side: 8, leaf: true, ...figures } };
  assertEquals(squareOf({ x: 21, y: 8, log2: 0 }, found), { x: 16, y: 8, side: 8 });
  assertEquals(squareOf({ x: 5, y: 3, log2: 2 }, found), { x: 16, y: 8, side: 8 });
  assertEquals(squareOf({ x: 5, y: 3, log2: 2 }), { x: 20, y: 12, side: 4 });
  assert(squareOf({ x: 5, y: 3, log2: 4 }, found).side === 16);
});
