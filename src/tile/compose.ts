import { OUTSIDE } from "../compute/ops.ts";
import type { Ops } from "../compute/ops.ts";
import type { Canvas } from "../field/canvas.ts";
import type { Picture } from "../modes/mode.ts";
import { type Pixels, toRgba } from "./encode/pixels.ts";
import { paint } from "./render.ts";

const blank = new Uint8Array(4 * 256);

/** A picture put together of others: transparent, and NaN, where none of them is. */
export class Composite {
  readonly values: Float32Array;
  #pixels: Pixels;

  /** In scratch memory. */
  constructor(ops: Ops, readonly width: number, readonly height: number) {
    const { buffer, byteOffset } = ops.scratch(width * height * 4);
    this.values = new Float32Array(buffer, byteOffset, width * height).fill(NaN);
    const indices = ops.scratch(width * height).fill(OUTSIDE);
    this.#pixels = { kind: "indexed", indices, palette: blank, width, height };
  }

  get pixels(): Pixels {
    return this.#pixels;
  }

  /** Puts a picture in its place. One of colours of its own makes all of it so. */
  add(canvas: Canvas, picture: Picture, x: number, y: number): void {
    const part = paint(canvas, picture);
    const { columns, rows } = canvas;
    const start = y * this.width + x;
    copy(picture.values, columns, rows, this.values, start, this.width);
    const { width, height } = this;
    if (part.kind === "indexed" && this.#pixels.kind === "indexed") {
      const { indices } = this.#pixels;
      copy(part.indices, columns, rows, indices, start, width);
      // All parts are of one mode, whose options choose the palette.
      this.#pixels = { kind: "indexed", indices, palette: part.palette, width, height };
      return;
    }
    if (this.#pixels.kind === "indexed") {
      this.#pixels = { kind: "rgba", pixels: toRgba(this.#pixels), width, height };
    }
    const whole = this.#pixels.pixels;
    copy(toRgba(part), columns * 4, rows, whole, start * 4, width * 4);
  }
}

function copy<Values extends Float32Array | Uint8Array>(
  from: Values,
  width: number,
  height: number,
  into: Values,
  start: number,
  pitch: number,
): void {
  for (let row = 0; row < height; row++) {
    into.set(from.subarray(row * width, (row + 1) * width), start + row * pitch);
  }
}
