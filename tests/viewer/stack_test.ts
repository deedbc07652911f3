import { assertEquals, assertMatch } from "@std/assert";
import { browserTest, settled } from "./browser.ts";

browserTest(
  "a stack is offered where layers have siblings, and its cells say whose they are",
  async (visit) => {
    const page = await visit.open("?model=tiny-transformer&layer=blocks.1.fc&mode=octree&slice=40");
    await page.click("#adjust");
    const stack = page.locator("[data-parameter=stack]");
    await page.check("#option-stack-blocks");
    await settled(page);
    const query = new URL(page.url()).searchParams;
    // Of four slices the fortieth means nothing.
    assertEquals([query.get("stack"), query.get("slice")], ["blocks", null]);
    assertEquals(await page.locator("#film-last").textContent(), "of 3");
    assertMatch((await page.locator("#legend").textContent())!, /slice of blocks\.2\.fc\.weight/);
    await page.keyboard.press("Escape");
    await page.mouse.click(700, 400);
    await page.getByText("blocks.2.fc.weight", { exact: true }).first().waitFor();

    await page.goto(
      `${visit.origin}?model=tiny-transformer&layer=blocks.1.fc&mode=octree&stack=blocks`,
    );
    await settled(page);
    await page.click("#adjust");
    await page.check("#option-stack");
    await settled(page);
    assertEquals(new URL(page.url()).searchParams.get("stack"), null);

    const list = "blocks.0.ln1,blocks.1.ln1";
    await page.goto(
      `${visit.origin}?model=tiny-transformer&layer=blocks.1.ln1&mode=voxels&stack=${list}`,
    );
    await settled(page);
    await page.click("#adjust");
    assertEquals(await stack.locator("select").inputValue(), list);

    // The mode in which a layer opens knows nothing of stacks.
    await page.click("[data-target='blocks.1.qkv']");
    await page.waitForURL(/layer=blocks\.1\.qkv/);
    await settled(page);
    assertEquals(new URL(page.url()).searchParams.get("stack"), null);
    assertEquals(await page.locator("#current b").innerText(), "blocks.1.qkv");

    await page.goto(`${visit.origin}?model=tiny-transformer&layer=head&mode=octree`);
    await settled(page);
    await page.click("#adjust");
    assertEquals(await stack.count(), 0);
  },
);
