// gemm: products of float32 matrices. See `Ops.gemm`.
// Blocked as in K. Goto, R. A. van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): a
// panel of B in the first-level cache, some panels of A in the second, those of B beyond.
import { DEPTH, HEIGHT, pack, width } from "./panels";
import { plainTile, relaxedTile } from "./tiles";

/** Rows of A that are packed at a time, and columns of B. */
const TALL = 96, WIDE = 1536;

/** Bytes of `room` that `gemm` needs. */
export function gemmRoom(): usize {
  return (TALL + WIDE) * DEPTH * 4 + HEIGHT * 32;
}

/**
 * c = α·a·b + β·c, with m × k numbers of a, k × n of b and m × n of c; `…Row` and `…Column` are bytes from a
 * row or column to the next. Where β is 0, c is not read. `relaxed` leaves it to the processor whether
 * products are rounded.
 */
export function gemm(
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bColumn: usize,
  m: i32,
  n: i32,
  k: i32,
  alpha: f32,
  beta: f32,
  c: usize,
  cRow: usize,
  relaxed: bool,
  room: usize,
): void {
  const left = room + HEIGHT * 32, right = left + TALL * DEPTH * 4;
  let first = 0;
  do {
    const depth = min(DEPTH, k - first);
    for (let j = 0; j < n; j += WIDE) {
      const columns = min(WIDE, n - j), at = b + <usize> j * bColumn;
      const across = pack<f32>(at, bColumn, bRow, columns, depth, width<f32>(), right);
      for (let i = 0; i < m; i += TALL) {
        const rows = min(TALL, m - i), to = c + <usize> i * cRow + (<usize> j << 2);
        const down = pack<f32>(a + <usize> i * aRow, aRow, aColumn, rows, depth, HEIGHT, left);
        for (let y = 0, q = right; y < columns; y += width<f32>(), q += across) {
          for (let x = 0, p = left; x < rows; x += HEIGHT, p += down) {
            if (relaxed) relaxedTile<f32>(p, q, depth, room);
            else plainTile(p, q, depth, room);
            const into = to + <usize> x * cRow + (<usize> y << 2);
            add(
              room,
              min(HEIGHT, rows - x),
              min(width<f32>(), columns - y),
              alpha,
              beta,
              into,
              cRow,
            );
          }
        }
      }
    }
    a += <usize> DEPTH * aColumn;
    b += <usize> DEPTH * bRow;
    beta = 1;
    first += DEPTH;
  } while (first < k);
}

/** c = α·tile + β·c. */
function add(
  tile: usize,
  rows: i32,
  columns: i32,
  alpha: f32,
  beta: f32,
  c: usize,
  pitch: usize,
): void {
  const whole = columns == width<f32>();
  for (; rows > 0; rows--, tile += 32, c += pitch) {
    if (whole) {
      v128.store(c, sum(v128.load(tile), alpha, beta, c));
      v128.store(c, sum(v128.load(tile, 16), alpha, beta, c + 16), 16);
    } else {
      for (let i: usize = 0, end = <usize> columns << 2; i < end; i += 4) {
        const term = alpha * load<f32>(tile + i);
        store<f32>(c + i, beta == 0 ? term : term + beta * load<f32>(c + i));
      }
    }
  }
}

function sum(tile: v128, alpha: f32, beta: f32, c: usize): v128 {
  const terms = f32x4.mul(f32x4.splat(alpha), tile);
  return beta == 0 ? terms : f32x4.add(terms, f32x4.mul(f32x4.splat(beta), v128.load(c)));
}
