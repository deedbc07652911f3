// countGroups: a histogram over keys of some of the cells of a rectangle, as count_keys.ts has them.
import { fromF16 } from "./narrow_floats";

/** Cells in a group. */
const GROUP: i32 = 8;

/** What cells are stored as. */
const F32: i32 = 0;
const BF16: i32 = 1;

/** Eight cells widened. */
const widened = memory.data(32, 16);
/** Keys of eight cells. */
const written = memory.data(16, 16);

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
      // By way of memory, which takes fewer instructions than lane by lane.
      v128.store(written, keysOf(cells + (<usize> group << (3 + size)), kind));
      add(bins, load<u16>(written));
      add(bins, load<u16>(written, 2));
      add(bins, load<u16>(written, 4));
      add(bins, load<u16>(written, 6));
      add(bins, load<u16>(written, 8));
      add(bins, load<u16>(written, 10));
      add(bins, load<u16>(written, 12));
      add(bins, load<u16>(written, 14));
    }
    if (group > whole || rest == 0) continue;
    v128.store(written, keysOf(cells + (<usize> whole << (3 + size)), kind));
    for (let i = 0; i < rest; i++) add(bins, load<u16>(written + (<usize> i << 1)));
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

function add(bins: usize, key: u32): void {
  const bin = bins + (<usize> key << 2);
  store<u32>(bin, load<u32>(bin) + 1);
}
