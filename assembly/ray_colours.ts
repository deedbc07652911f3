// Samples of bricks of four channels: their colours are interpolated by fours of numbers, in integers.
import { COLOUR_ROW, COLOUR_SLICE, COLOURS } from "./ray_bricks";
import { inBrick, mix, share, twice } from "./ray_four";

/** Voxels from row to row and slice to slice of colours. */
const ROW: i16 = 9;
const SLICE: i16 = 81;

/** Of four samples: where their voxels' colours lie in a brick, and shares of the next ones, in halves. */
const PLACES = memory.data(64, 16);

/** In a class, since only there do formatters know of decorators. */
export class Colours {
  /** Notes four positions. */
  @inline
  static place(x: v128, y: v128, z: v128): void {
    x = inBrick(x);
    y = inBrick(y);
    z = inBrick(z);
    const rows = i16x8.mul(i32x4.shr_u(y, 23), i16x8.splat(ROW));
    const slices = i16x8.mul(i32x4.shr_u(z, 23), i16x8.splat(SLICE));
    const places = i32x4.add(i32x4.shr_u(x, 23), i32x4.add(rows, slices));
    v128.store(PLACES, i32x4.shl(places, 3));
    v128.store(PLACES, twice(share(x)), 16);
    v128.store(PLACES, twice(share(y)), 32);
    v128.store(PLACES, twice(share(z)), 48);
  }

  /** Of position i / 4: colour of the hue times weight, and weight, 0…32767 each. */
  @inline
  static at(brick: usize, i: usize): v128 {
    const noted = PLACES + i;
    const from = brick + load<u32>(noted);
    const shareY = v128.load_splat<u32>(noted, 32), shareZ = v128.load_splat<u32>(noted, 48);
    // Voxels x and x + 1 of rows y and y + 1.
    const above = mix(v128.load(from, COLOURS), v128.load(from, COLOURS + COLOUR_SLICE), shareZ);
    const below = mix(
      v128.load(from, COLOURS + COLOUR_ROW),
      v128.load(from, COLOURS + COLOUR_SLICE + COLOUR_ROW),
      shareZ,
    );
    const both = mix(above, below, shareY);
    const next = i64x2.shuffle(both, both, 1, 1);
    const colour = mix(both, next, v128.load_splat<u32>(noted, 16));
    return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(colour));
  }
}
