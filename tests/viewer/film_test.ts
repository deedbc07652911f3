import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { Parameter } from "../../src/viewer/api.ts";
import { after, boundsOf, placeOf, valueAt } from "../../src/viewer/film.ts";
import { browserTest, settled } from "./browser.ts";

const number = (plays: Parameter["plays"], minimum: number, maximum: number): Parameter => ({
  ...{ name: "n", title: "N", about: "", type: "number", default: 0, minimum, maximum },
  ...(plays ? { plays } : {}),
});

Deno.test("what is run through ends with its range, and wraps where it says so", () => {
  const slices = number({ step: 1, pace: 1 }, 0, 11);
  assertEquals([after(slices, 10), after(slices, 11)], [11, null]);
  const angle = number({ step: 3, pace: 1, from: -180, to: 180, wraps: true }, -360, 360);
  assertEquals([after(angle, 179), after(angle, 180)], [180, -177]);
  const share = number({ step: 0.01, pace: 1 }, 0, 1);
  assertEquals(after(share, 0.28), 0.29);
});

Deno.test("where there are only some numbers, those are run through", () => {
  const steps = { ...number({ step: 1, pace: 1 }, 0, 400), values: [0, 10, 400] };
  assertEquals([0, 10, 400].map((value) => after(steps, value)), [10, 400, null]);
  assertEquals(boundsOf(steps, 10), [0, 2]);
  assertEquals([0, 7, 10, 399, 400].map((value) => placeOf(steps, value)), [0, 0, 1, 1, 2]);
  assertEquals([-1, 0.4, 0.6, 2, 9].map((place) => valueAt(steps, place)), [0, 0, 10, 400, 400]);
});

Deno.test("a value beyond the part that is run through widens it", () => {
  const steps = number({ step: 1, pace: 1, to: 128 }, 0, 4096);
  assertEquals(boundsOf(steps, 16), [0, 128]);
  assertEquals(boundsOf(steps, 400), [0, 4096]);
});

const parameter = (page: Page, name: string) => new URL(page.url()).searchParams.get(name);
const choose = (page: Page, name: string) =>
  page.locator("#film").getByRole("radio", { name, exact: true }).check();

/** Until the number that is played is as it should be. */
async function until(page: Page, isReached: (value: number) => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (isReached(Number(await shown(page)))) return;
    await page.waitForTimeout(50);
  }
  throw new Error(`stays at ${await shown(page)}`);
}

const shown = (page: Page) => page.locator("#film-value").inputValue();

browserTest("steps, slices and turns are played", async (visit, t) => {
  const page = await visit.open("?model=burn-mnist&layer=conv2&mode=automaton&t=2");

  await t.step("space plays the automaton on, and pauses it", async () => {
    const before = await page.screenshot();
    await page.locator("#map").focus();
    await page.keyboard.press(" ");
    assert(await page.getByRole("button", { name: "Pause: Steps" }).isVisible());
    await until(page, (t) => t >= 6);
    await page.keyboard.press(" ");
    assert(await page.getByRole("button", { name: "Play: Steps" }).isVisible());
    await settled(page);
    await page.waitForTimeout(500);
    const t = Number(await shown(page));
    assert(t >= 6 && t < 40, `t = ${t}`);
    await page.waitForTimeout(400);
    assertEquals(Number(await shown(page)), t);
    assertEquals(Number(parameter(page, "t")), t);
    const now = await page.screenshot();
    assert(now.toBase64() !== before.toBase64(), "the picture is the same");
    await page.goBack();
    await settled(page);
    assertEquals(parameter(page, "t"), "2");
  });

  await t.step("a number is typed", async () => {
    await page.locator("#film-value").fill("40");
    await page.keyboard.press("Enter");
    await page.waitForURL(/[?&]t=40/);
    await settled(page);
    assertEquals(await page.locator("#film-last").innerText(), "of 128");
  });

  await t.step("a button that has the focus is pressed by Enter, and plays by space", async () => {
    await page.locator("#film-play").focus();
    await page.keyboard.press("Enter");
    await until(page, (t) => t > 40);
    await page.keyboard.press(" ");
    assert(await page.getByRole("button", { name: "Play: Steps" }).isVisible());
    assertEquals(parameter(page, "pin"), null);
    await settled(page);
  });

  await t.step("what cannot be drawn is told, and nothing runs on", async () => {
    const refused = { status: 400, contentType: "application/problem+json" };
    await page.route(
      "**/automaton**",
      (route) => route.fulfill({ ...refused, body: JSON.stringify({ detail: "too far" }) }),
    );
    await page.locator("#map").focus();
    await page.keyboard.press(" ");
    await page.getByText("too far").waitFor();
    assert(await page.getByRole("button", { name: "Play: Steps" }).isVisible());
    await page.unrouteAll();
    visit.complaints.length = 0;
  });

  await t.step("slices end where the layer does, along each axis", async () => {
    // 16 × 8 kernels of 3 × 3: 8 · 3 by … cells.
    await page.goto(`${visit.origin}?model=burn-mnist&layer=conv2&mode=octree`);
    await settled(page);
    const counts: Record<string, number> = {};
    for (const axis of ["x", "y", "z"]) {
      await choose(page, axis);
      await settled(page);
      const query = axis === "z" ? "" : `?axis=${axis}`;
      const { ranges } =
        await (await fetch(`${visit.origin}models/burn-mnist/conv2/octree${query}`))
          .json();
      counts[axis] = ranges.slice.maximum;
      assertEquals(await page.locator("#film-last").innerText(), `of ${ranges.slice.maximum}`);
    }
    const last = counts["z"]!;
    await page.locator("#film-value").fill(String(last - 2));
    await page.keyboard.press("Enter");
    await page.waitForURL(/slice=/);
    await settled(page);
    await page.locator("#film-play").click();
    await page.getByRole("button", { name: "Play: Slice" }).waitFor({ timeout: 10_000 });
    await page.waitForTimeout(500);
    assertEquals(Number(parameter(page, "slice")), last);
    // The first slice of another axis that there is, though it has fewer.
    await choose(page, "x");
    await settled(page);
    assertEquals(parameter(page, "slice"), null);
  });

  await t.step("a volume turns, and is cut along an axis that was chosen", async () => {
    await page.goto(`${visit.origin}?model=burn-mnist&layer=conv2&mode=voxels&yaw=174`);
    await settled(page);
    await page.locator("#film-play").click();
    await until(page, (yaw) => yaw < -170);
    await page.locator("#film-play").click();
    await settled(page);
    await page.waitForTimeout(500);
    assert(Number(parameter(page, "yaw")) < -100, page.url());
    assertEquals(await page.locator(".still").count(), 0);
    await choose(page, "Cut at");
    assert(await page.locator("#film-play").isDisabled());
    await choose(page, "x");
    await settled(page);
    assert(await page.locator("#film-play").isEnabled());
    await page.locator("#film-play").click();
    await until(page, (at) => at > 0.53);
    await page.locator("#film-play").click();
    await settled(page);
    await page.waitForTimeout(500);
    assert(Number(parameter(page, "slice")) > 0.53);
  });
});

browserTest("modes are chosen however narrow the page is", async (visit) => {
  const page = await visit.open("?model=burn-mnist&layer=conv3&mode=voxels");
  const placeOf = async (selector: string) => {
    const place = await page.locator(selector).boundingBox();
    if (!place) throw new Error(`${selector} is not there`);
    return { ...place, right: place.x + place.width, bottom: place.y + place.height };
  };
  for (const width of [1200, 900, 420]) {
    await page.setViewportSize({ width, height: 800 });
    if (width < 641) {
      await page.goto(`${visit.origin}?model=burn-mnist&layer=conv3&mode=voxels&panels=none`);
      await settled(page);
    }
    await page.waitForTimeout(200);
    assert(await page.getByRole("radio", { name: "Volume", exact: true }).isVisible());
    const bar = await placeOf("#top");
    for (const mode of ["weights", "stats", "automaton", "octree", "voxels"]) {
      const { x, right } = await placeOf(`#modes [data-mode=${mode}]`);
      assert(x >= bar.x && right <= bar.right, `${mode} is hidden at ${width}`);
    }
    assert(bar.x >= 0 && bar.right <= width, `the modes leave the page at ${width}`);
    const missing = page.locator("#modes [aria-disabled=true]");
    assert(await missing.count() > 0);
    for (const mode of await missing.all()) assertEquals(await mode.isVisible(), width > 641);
    const film = await placeOf("#film");
    assert(film.x >= 0 && film.right <= width, `the film leaves the page at ${width}`);
    for (const other of ["#corner", "#legend"]) {
      const { x, y, right, bottom } = await placeOf(other);
      const isApart = film.right <= x || right <= film.x || film.bottom <= y || bottom <= film.y;
      assert(isApart, `the film covers ${other} at ${width}`);
    }
  }
});
