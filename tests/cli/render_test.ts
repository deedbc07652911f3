import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { inflateSync } from "node:zlib";
import { modelFile, served } from "../routes/served.ts";
import { run, withFile } from "./run.ts";

Deno.test("render draws a capture at the step that is asked for", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const draw = async (step: number) => {
      const file = `${folder}/${step}.png`;
      const asked = ["-m", "gradients", "--param", `step=${step}`, "-o", file];
      const { code, stderr } = await run(
        "render",
        "fixtures/captures/digits-cnn",
        "conv3",
        ...asked,
      );
      return { code, stderr, bytes: code === 0 ? await Deno.readFile(file) : null };
    };
    const [early, late, gone] = [await draw(0), await draw(400), await draw(5)];
    assertEquals([early.code, late.code], [0, 0]);
    assertNotEquals(early.bytes, late.bytes);
    assertMatch(gone.stderr, /step=5: model "digits-cnn" has the steps 0, 10, 400/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("render writes the tile that the server answers", () =>
  served(async ({ get, path }) => {
    const folder = await Deno.makeTempDir();
    try {
      const file = `${folder}/tile.png`;
      const place = ["--z", "1", "--x", "1", "--y", "0", "--density", "2"];
      const args = ["render", path, "matrix", ...place, "--param", "colormap=magma", "-o", file];
      const { code, stdout, stderr } = await run(...args);
      assertEquals([code, stdout, stderr], [0, "", ""]);
      const response = await get("/tiles/model/matrix/weights/1/1/0@2x.png?colormap=magma");
      assertEquals(await Deno.readFile(file), await response.bytes());
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }));

Deno.test("render --plane puts the tiles together without a seam", () =>
  served(async ({ get, path }) => {
    const folder = await Deno.makeTempDir();
    try {
      const file = `${folder}/plane.png`;
      const { code, stderr } = await run("render", path, "matrix", "--plane", "-o", file);
      assertEquals([code, stderr], [0, ""]);
      const { width, height, pixels } = readPng(await Deno.readFile(file));
      assertEquals([width, height], [900, 700]);
      for (const [x, y] of [[0, 0], [1, 2], [3, 2], [2, 1]] as const) {
        const tile = await (await get(`/tiles/model/matrix/weights/2/${x}/${y}.bin`)).bytes();
        for (const row of [0, 100, 187]) {
          const wide = Math.min(256, 900 - x * 256) * 4;
          const at = ((y * 256 + row) * 900 + x * 256) * 4;
          const from = row * 256 * 4;
          assertEquals(pixels.subarray(at, at + wide), tile.subarray(from, from + wide));
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }));

Deno.test("render and export draw the step of a capture that is asked for", async () => {
  const capture = new URL("../../fixtures/captures/digits-cnn", import.meta.url).pathname;
  const folder = await Deno.makeTempDir();
  try {
    const kinds = [["render"], ["render", "--plane"], ["export"]] as const;
    for (const [i, [verb, ...rest]] of kinds.entries()) {
      const draw = async (step: string) => {
        const file = `${folder}/${i}-${step || "last"}.png`;
        const asked = step === "" ? [] : ["--param", `step=${step}`];
        const { code, stderr } = await run(verb, capture, "fc1", ...rest, ...asked, "-o", file);
        assertEquals([code, stderr], [0, ""]);
        return await Deno.readFile(file);
      };
      const last = await draw("");
      assertEquals(await draw("400"), last);
      assertNotEquals(await draw("0"), last, `${verb} ${rest}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("render --plane draws what has no cells as wide as a screen, as export does", async () => {
  const capture = new URL("../../fixtures/captures/digits-cnn", import.meta.url).pathname;
  const folder = await Deno.makeTempDir();
  try {
    const draw = async (verb: string, ...rest: string[]) => {
      const file = `${folder}/${verb}.png`;
      const { code, stderr } = await run(
        verb,
        capture,
        "fc2",
        ...rest,
        "-m",
        "spectrum",
        "-o",
        file,
      );
      assertEquals([code, stderr], [0, ""]);
      return await Deno.readFile(file);
    };
    const drawn = await draw("render", "--plane"), { width, height } = readPng(drawn);
    assertEquals([width, height], [1024, 584]);
    assertEquals(drawn, await draw("export"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Reads what `png_stream.ts` writes: RGBA8, every row unfiltered. */
function readPng(file: Uint8Array<ArrayBuffer>) {
  const view = new DataView(file.buffer);
  const data: Uint8Array[] = [];
  let width = 0, height = 0;
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    const body = file.subarray(at + 8, at + 8 + view.getUint32(at));
    if (type === "IHDR") [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (type === "IDAT") data.push(body);
  }
  const lines = new Uint8Array(inflateSync(new Uint8Array(data.flatMap((part) => [...part]))));
  const pitch = width * 4;
  const pixels = new Uint8Array(pitch * height);
  for (let y = 0; y < height; y++) {
    assertEquals(lines[y * (pitch + 1)], 0);
    pixels.set(lines.subarray(y * (pitch + 1) + 1, (y + 1) * (pitch + 1)), y * pitch);
  }
  return { width, height, pixels };
}

Deno.test("a render that fails leaves no file behind", () =>
  withFile(modelFile(), async (path, folder) => {
    const args = ["render", path, "matrix", "--plane", "--z", "40", "-o", `${folder}/plane.png`];
    const { code, stderr } = await run(...args);
    assertEquals(code, 2);
    assertMatch(stderr, /^synaptile: there is no zoom 40: "matrix" has zooms 0 to \d\n$/);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["model.safetensors"]);
  }));
