import type { Canvas } from "../field/canvas.ts";
import type { Picture } from "./mode.ts";
import { enlarge } from "./overzoom.ts";

/** Pixels that a pixel depends on to each side; even, so that pairs stay pairs. */
const REACH = 2;
const BLACK = 0xff000000;

/** What is known of each pixel of a canvas. */
interface Slopes {
  readonly values: Float32Array;
  /** Of the gradient: its direction as atan2(∂y, ∂x), and its length. */
  readonly angles: Float32Array;
  readonly lengths: Float32Array;
}

/**
 * The spatial gradient of what `draw` draws, in colour: hue is its direction, red where values grow to
 * the right and a quarter of the circle on where they grow downwards; saturation tanh(|∇| / s);
 * brightness tanh(|x| / s). The gradient is the central difference, one-sided at the plane's edges and
 * next to values that are not finite; those are black themselves. Its numbers are |∇|.
 */
export function slopes(
  canvas: Canvas,
  s: number,
  draw: (canvas: Canvas) => Float32Array,
): Picture {
  const { ops, columns, rows } = canvas;
  let found: Slopes | undefined;
  const plane = (name: keyof Slopes) => {
    const pick = (cells: Canvas) => (found ??= slopesOf(cells, draw))[name];
    return canvas.log2 < 0 ? enlarge(canvas, pick) : pick(canvas);
  };
  const values = plane("values"), angles = plane("angles"), lengths = plane("lengths");
  const pixels = ops.scratch(columns * rows * 4);
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, columns * rows);
  for (let i = 0; i < words.length; i++) {
    words[i] = Number.isFinite(values[i]!)
      ? hsv(angles[i]!, Math.tanh(lengths[i]! / s), Math.tanh(Math.abs(values[i]!) / s))
      : BLACK;
  }
  canvas.forEachGap((from, to) => {
    words.fill(0, from, to);
    lengths.fill(NaN, from, to);
  });
  return { kind: "rgba", pixels, values: lengths };
}

function slopesOf(canvas: Canvas, draw: (canvas: Canvas) => Float32Array): Slopes {
  const { columns, width, height } = canvas;
  const wide = canvas.around(REACH);
  const all = draw(wide);
  const [values, angles, lengths] = [canvas.blank(), canvas.blank(), canvas.blank()];
  const [left, top] = [canvas.x - wide.x, canvas.y - wide.y];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = [left + x, top + y];
      const at = row * wide.columns + column, value = all[at]!;
      const other = (isInside: boolean, step: number) => {
        const found = isInside ? all[at + step]! : NaN;
        return Number.isFinite(found) ? { value: found, steps: 1 } : { value, steps: 0 };
      };
      const [right, before] = [other(column + 1 < wide.width, 1), other(column > 0, -1)];
      const below = other(row + 1 < wide.height, wide.columns);
      const above = other(row > 0, -wide.columns);
      const dx = (right.value - before.value) / Math.max(1, right.steps + before.steps);
      const dy = (below.value - above.value) / Math.max(1, below.steps + above.steps);
      const to = y * columns + x;
      values[to] = value;
      angles[to] = Math.atan2(dy, dx);
      lengths[to] = Number.isFinite(value) ? Math.hypot(dx, dy) : NaN;
    }
  }
  return { values, angles, lengths };
}

/** An opaque pixel, little-endian RGBA, of an angle, a saturation and a brightness, 0…1 each. */
export function hsv(angle: number, saturation: number, brightness: number): number {
  const sixth = angle / (Math.PI / 3);
  const channel = (n: number) => {
    const k = ((n + sixth) % 6 + 6) % 6;
    const depth = saturation * Math.max(0, Math.min(k, 4 - k, 1));
    return Math.round(255 * brightness * (1 - depth));
  };
  return (BLACK | channel(1) << 16 | channel(3) << 8 | channel(5)) >>> 0;
}
