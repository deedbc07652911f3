// countGroups: a histogram over keys of some of the cells of a rectangle, as count_keys.ts has them.
import { fromF16 } from "./narrow_floats";

/** Cells in a group. */
const GROUP: i32 = 8;

/** What cells are stored as. */
const F32: i32 = 0;
const BF16: i32 = 1;

/** Eight cells widened, or the last ones of a row. */
const widened = memory.data(32, 16);

/**
 * Of row y the groups g of eight cells with (y + g + phase) % step = 0; the last group of a row may
 * be shorter. `kind` is that of the cells: float32, bfloat16 or float16; `pitch` is in bytes.
 */
export function countGroups(
  cells: usize,
  pitch: usize,
  kind: i32,
  width: i32,
  height: i32,
  step: i32,
  phase: i32,
  bins: usize,
): void {
  const size: usize = kind == F32 ? 2 : 1;
  const whole = width / GROUP, rest = width % GROUP;
  for (let y = 0; y < height; y++, cells += pitch) {
    const past = (y + phase) % step;
    let group = past == 0 ? 0 : step - past;
    for (; group < whole; group += step) {
      const keys = keysOf(cells + (<usize> group << (3 + size)), kind);
      const first = i16x8.splat(i16x8.extract_lane_u(keys, 0));
      if (i16x8.all_true(i16x8.eq(keys, first))) {
        add(bins, i16x8.extract_lane_u(keys, 0), GROUP);
        continue;
      }
      countFour(i64x2.extract_lane(keys, 0), bins);
      countFour(i64x2.extract_lane(keys, 1), bins);
    }
    if (group > whole || rest == 0) continue;
    v128.store(widened, keysOf(cells + (<usize> whole << (3 + size)), kind));
    for (let i = 0; i < rest; i++) add(bins, load<u16>(widened + (<usize> i << 1)), 1);
  }
}

/** Keys of eight cells. */
function keysOf(at: usize, kind: i32): v128 {
  if (kind == BF16) return ordered(v128.load(at));
  if (kind != F32) {
    fromF16(at, widened, widened + 32);
    at = widened;
  }
  // The upper halves.
  return ordered(
    v128.shuffle<u16>(v128.load(at), v128.load(at, 16), 1, 3, 5, 7, 9, 11, 13, 15),
  );
}

/** A negative number is inverted whole, a positive one in its sign. */
function ordered(bits: v128): v128 {
  return v128.xor(bits, v128.or(i16x8.shr_s(bits, 15), i16x8.splat(-0x8000)));
}

function countFour(keys: u64, bins: usize): void {
  add(bins, <u32> keys & 0xffff, 1);
  add(bins, <u32> keys >> 16, 1);
  add(bins, <u32> (keys >> 32) & 0xffff, 1);
  add(bins, <u32> (keys >> 48), 1);
}

function add(bins: usize, key: u32, cells: u32): void {
  const bin = bins + (<usize> key << 2);
  store<u32>(bin, load<u32>(bin) + cells);
}
