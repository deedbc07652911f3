// gram: products of a matrix's lines with each other, in float64. See `Ops.gram`.
// A product of two float32 numbers is exact in float64, so that it makes no difference whether the processor
// rounds it before it is added.
import { DEPTH, HEIGHT, pack, width } from "./panels";
import { relaxedTile } from "./tiles";

/** Lines that are packed at a time, on the left and on the right. */
const TALL = 48, WIDE = 768;

/** Bytes of `room` that `gram` needs. */
export function gramRoom(): usize {
  return (TALL + WIDE) * DEPTH * 8 + HEIGHT * 32;
}

/**
 * out(i, j) += the product of line i of a and line j of b, at least of those with j ≤ i + `beyond`: tiles that
 * have none are left out. Lines have `k` numbers; `…Line` is bytes from one to the next, `…Along` from number to
 * number, `pitch` from one row of `out` to the next.
 */
export function gram(
  a: usize,
  aLine: usize,
  aAlong: usize,
  b: usize,
  bLine: usize,
  bAlong: usize,
  m: i32,
  n: i32,
  k: i32,
  beyond: i32,
  out: usize,
  pitch: usize,
  room: usize,
): void {
  const left = room + HEIGHT * 32, right = left + TALL * DEPTH * 8;
  for (; k > 0; k -= DEPTH, a += <usize> DEPTH * aAlong, b += <usize> DEPTH * bAlong) {
    const depth = min(DEPTH, k);
    for (let j = 0; j < n; j += WIDE) {
      const columns = min(WIDE, n - j);
      const across = pack<f64>(
        b + <usize> j * bLine,
        bLine,
        bAlong,
        columns,
        depth,
        width<f64>(),
        right,
      );
      for (let i = 0; i < m; i += TALL) {
        const rows = min(TALL, m - i);
        const down = pack<f64>(a + <usize> i * aLine, aLine, aAlong, rows, depth, HEIGHT, left);
        for (let y = 0, q = right; y < columns; y += width<f64>(), q += across) {
          for (let x = 0, p = left; x < rows; x += HEIGHT, p += down) {
            const high = min(HEIGHT, rows - x);
            if (i + x + high + beyond <= j + y) continue;
            relaxedTile<f64>(p, q, depth, room);
            const into = out + <usize> (i + x) * pitch + (<usize> (j + y) << 3);
            add(room, high, min(width<f64>(), columns - y), into, pitch);
          }
        }
      }
    }
  }
}

function add(tile: usize, rows: i32, columns: i32, out: usize, pitch: usize): void {
  const end = <usize> columns << 3;
  for (; rows > 0; rows--, tile += 32, out += pitch) {
    for (let i: usize = 0; i < end; i += 8) {
      store<f64>(out + i, load<f64>(out + i) + load<f64>(tile + i));
    }
  }
}
