import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import sharp from "sharp";
import { BadRequest } from "../../src/errors.ts";
import type { Legend } from "../../src/modes/mode.ts";
import { hex, palette } from "../../src/modes/colour.ts";
import { legendJson, legendPng, legendSvg } from "../../src/tile/legend.ts";

const weights: Legend = {
  title: "Weight <α & β>",
  style: "scientific",
  normalization: "tanh(x / 0.0213)",
  ramp: {
    colormap: "synaptile",
    reverse: false,
    stops: Array.from({ length: 33 }, (_, i) => i / 32)
      .map((at) => ({ at, value: 0.0213 * Math.atanh(0.995 * (2 * at - 1)) })),
  },
  special: [
    { name: "NaN", color: "#ff00ff", count: 12_034 },
    { name: "+∞", color: "#ffff00", count: 0 },
  ],
};
const stats: Legend = {
  title: "Packed statistics",
  style: "scientific",
  normalization: "tanh(47·x)",
  channels: [
    { name: "mean", channel: "R", about: "127.5·(1 + tanh(47·mean))" },
    { name: "sign entropy", channel: "A", about: "255·H" },
  ],
  special: [],
};

/** Checks that tags nest and entities are known, which is what well-formed asks of such a file. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, close, name, self] of svg.matchAll(/<(\/?)([\w]+)[^<>]*?(\/?)>/g)) {
    if (close) assertEquals(open.pop(), name);
    else if (!self) open.push(name!);
  }
  assertEquals(open, []);
  assert(!/&(?!(amp|lt|gt|quot|#39);)/.test(svg), "a bare ampersand");
}

Deno.test("legendJson keeps what the mode declared and adds colours and ticks", () => {
  const { ramp, ...rest } = legendJson(weights);
  const { ramp: declared, ...others } = weights;
  assertEquals(rest, others);
  assertEquals([ramp?.colormap, ramp?.reverse, ramp?.stops], [
    declared?.colormap,
    declared?.reverse,
    declared?.stops,
  ]);
  assertEquals(ramp?.kind, "diverging");
  assertEquals(ramp?.colors.length, 251);
  assertEquals(ramp?.colors[125], "#ffffff");
  assertEquals(ramp?.ticks.find(({ value }) => value === 0)?.at, 0.5);
  assertEquals(JSON.parse(JSON.stringify(legendJson(weights))), legendJson(weights));
  assertEquals(legendJson(stats), stats);
});

Deno.test("legendJson gives the colours as drawn: reversed where the ramp is", () => {
  const reversed = { ...weights, ramp: { ...weights.ramp!, reverse: true } };
  assertEquals(
    legendJson(reversed).ramp?.colors,
    legendJson(weights).ramp?.colors.toReversed(),
  );
});

Deno.test("legendSvg is well-formed, escaped, titled, and says what it shows", () => {
  for (const legend of [weights, stats]) {
    for (const theme of ["dark", "light"] as const) assertWellFormed(legendSvg(legend, theme));
  }
  const svg = legendSvg(weights);
  assertMatch(svg, /<title id="title">Weight &lt;α &amp; β&gt;: legend<\/title>/);
  assertMatch(svg, /role="img" aria-labelledby="title about"/);
  for (const text of ["tanh(x / 0.0213)", "scientific", "−0.05", "NaN 12\u2009034"]) {
    assert(svg.includes(text), text);
  }
  assert(!svg.includes("+∞"), "a special value that does not occur has no swatch");
  const packed = legendSvg(stats);
  for (const text of ["sign entropy", "255·H", ">R<", ">A<"]) assert(packed.includes(text), text);
});

Deno.test("legendSvg wraps long words and leaves out colours that clipping excludes", () => {
  const about = "sign(x)·log(1 + |x| / 0.0213), clipped to [−0.3027, 0.4127] at the quantiles";
  const svg = legendSvg({ ...weights, normalization: about });
  assert(!svg.includes(`>${about}<`), "one line");
  for (const word of about.split(" ")) assert(svg.includes(word), word);

  const ramp = { ...weights.ramp!, stops: weights.ramp!.stops.slice(8, 17) };
  const clipped = legendSvg({ ...weights, ramp });
  const colors = palette("synaptile");
  assert(!clipped.includes(hex(colors, 0)) && !clipped.includes(hex(colors, 250)));
  assert(clipped.includes(`offset="1" stop-color="#ffffff"`), "ends at zero");
});

Deno.test("legendSvg wraps titles beside what they stand by, and cuts names that fill more than a line", () => {
  const name = "a-name-that-is-much-longer-than-a-legend-is-wide";
  const title = `Norms of kernels and channels / their layer's ${name}`;
  for (const style of ["scientific", "artistic"] as const) {
    const svg = legendSvg({ ...weights, title, style });
    assertWellFormed(svg);
    const [, height] = svg.match(/height="(\d+)" viewBox/)!;
    assert(Number(height) > Number(legendSvg(weights).match(/height="(\d+)" viewBox/)![1]));
    const lines = [...svg.matchAll(/<text y="(\d+)" font-size="14"[^>]*>([^<]*)</g)];
    const texts = lines.map(([, , text]) => text!.replace("&#39;", "'"));
    assertEquals(texts.join("").replaceAll(" ", ""), title.replaceAll(" ", ""));
    // DejaVu Sans Bold takes 8.1 of them a letter.
    const [, pill] = svg.match(/<rect x="([\d.]+)" y="0"/)!;
    for (const text of texts) assert(8.1 * text.length < Number(pill), `${text} beside ${pill}`);
    const places = lines.map(([, y]) => Number(y));
    for (const [i, y] of places.slice(1).entries()) assert(y - places[i]! >= 14, "on one another");
    const ramp = Number(svg.match(/translate\(16 (\d+)\)"><defs>/)![1]);
    assert(ramp > 16 + places.at(-1)!, "the ramp is below");
  }
});

Deno.test("legendPng is the SVG in pixels: its size, and the ramp's colours where they belong", async () => {
  const png = await legendPng(weights, "light", 2);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const height = Number(legendSvg(weights).match(/height="(\d+)"/)![1]);
  assertEquals([info.width, info.height], [720, 2 * height]);
  const pixel = (x: number, y: number) => {
    const at = (y * info.width + x) * info.channels;
    return [...data.subarray(at, at + 3)];
  };
  const colors = palette("synaptile");
  for (const share of [0.1, 0.25, 0.5, 0.75, 0.9]) {
    const expected = colors.subarray(4 * Math.round(250 * share)).subarray(0, 3);
    pixel(32 + Math.round(656 * share), 2 * (16 + 26 + 8)).forEach((channel, i) =>
      assert(Math.abs(channel - expected[i]!) <= 4, `${share}: ${channel} for ${expected[i]}`)
    );
  }
});

Deno.test("legends of unknown colour maps are refused", async () => {
  const unknown = { ...weights, ramp: { ...weights.ramp!, colormap: "jet" } };
  assertThrows(() => legendJson(unknown), BadRequest, "jet");
  assertThrows(() => legendSvg(unknown), BadRequest, "jet");
  await assertRejects(() => legendPng(unknown), BadRequest, "jet");
});
