import { assert, assertEquals } from "@std/assert";
import sharp from "sharp";
import { reference } from "../../../src/compute/reference.ts";
import { wasm } from "../../../src/compute/wasm.ts";
import { BadRequest } from "../../../src/errors.ts";
import type { Pixels } from "../../../src/tile/encode/pixels.ts";
import { encode } from "../../../src/tile/encode/table.ts";
import { formats, type TileFormat } from "../../../src/tile/tile.ts";
import { tile } from "./tiles.ts";

// A grey ramp, and entry 252 transparent.
const palette = Uint8Array.from(
  { length: 1024 },
  (_, i) => i >> 2 === 252 ? 0 : i % 4 === 3 ? 255 : i >> 2,
);
const indices = tile("edge", 1);
const rgba = Uint8Array.from(
  { length: 262144 },
  (_, i) => palette[indices[i >> 2]! * 4 + i % 4]!,
);
const values = Float32Array.from(indices, (entry) => entry === 252 ? NaN : entry / 7);
const size = { width: 256, height: 256 };
const indexed: Pixels = { kind: "indexed", indices, palette, ...size };
const full: Pixels = { kind: "rgba", pixels: rgba, ...size };

const raw = async (file: Uint8Array) =>
  new Uint8Array(await sharp(file).ensureAlpha().raw().toBuffer());

for (const pixels of [indexed, full]) {
  for (const format of ["png", "webp", "bin"] as const) {
    Deno.test(`${pixels.kind} pixels as ${format} are the same when read`, async () => {
      const file = await encode(wasm, format, pixels, values);
      assertEquals(format === "bin" ? file : await raw(file), rgba);
    });
  }

  for (const [format, container] of [["jpg", "jpeg"], ["avif", "heif"]] as const) {
    Deno.test(`${pixels.kind} pixels as ${format} are about the same when read`, async () => {
      const file = await encode(wasm, format, pixels, values);
      assertEquals((await sharp(file).metadata()).format, container);
      const read = await raw(file);
      let off = 0;
      for (let i = 0; i < read.length; i += 4) {
        const shown = rgba[i + 3] === 0 && format === "jpg" ? 255 : rgba[i]!;
        if (read[i + 3] !== 0) off += Math.abs(read[i]! - shown);
      }
      assert(off / 65536 < 8, `${off / 65536} steps of grey off on average`);
    });
  }
}

Deno.test("jpg shows white where the tile is transparent", async () => {
  const read = await raw(await encode(wasm, "jpg", indexed, values));
  assertEquals([...read.subarray(read.length - 4)], [255, 255, 255, 255]);
});

Deno.test("npy holds the values under a header of version 1.0, padded to 64 bytes", async () => {
  const three = values.subarray(98, 104);
  const pixels: Pixels = { kind: "rgba", pixels: rgba.subarray(0, 24), width: 3, height: 2 };
  const file = await encode(wasm, "npy", pixels, three);
  assertEquals([...file.subarray(0, 10)], [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  const header = new TextDecoder().decode(file.subarray(10, 128));
  assertEquals(
    header.trimEnd(),
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
  );
  assert(header.endsWith(" \n"));
  assertEquals(new Float32Array(file.buffer.slice(128)), three.slice());
});

Deno.test("every format owns its memory and has read its input when it returns", async () => {
  for (const format of Object.keys(formats) as TileFormat[]) {
    for (const ops of [reference, wasm]) {
      const want = await encode(ops, format, indexed, values);
      const pending = ops.frame(() => {
        const near = ops.scratch(65536);
        near.set(indices);
        const result = encode(ops, format, { ...indexed, indices: near }, values);
        near.fill(0);
        return result;
      });
      const file = await pending;
      assertEquals(file, want, format);
      assertEquals(file.buffer.byteLength, file.byteLength);
    }
  }
});

Deno.test("without sharp, raster formats are refused with the ones that are left", async () => {
  // A process that may not load native code stands for a host that has none.
  const code = `
    import { encodeRaster } from "./src/tile/encode/raster.ts";
    import { toWire } from "./src/errors.ts";
    const pixels = { kind: "rgba", pixels: new Uint8Array(4), width: 1, height: 1 };
    await encodeRaster(pixels, "webp").catch((error) => console.log(JSON.stringify(toWire(error))));
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-env", "--allow-sys", "--no-prompt", "--ext=ts", "-"],
    cwd: new URL("../../../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(code));
  await input.close();
  const { stdout } = await child.output();
  const { name, details } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(name, BadRequest.name);
  const allowed = ["png", "npy", "bin"];
  assertEquals(details, { parameter: "format", found: "webp", allowed });
});
