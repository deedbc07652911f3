// What is in blocks of 8 × 8 × 8 voxels, and bricks: blocks with what interpolation reaches from them,
// so 9 × 9 × 9 voxels, and of bytes with what differences reach, so one more on each side. Beyond the
// volume the outermost voxels are repeated. Both of a layer of blocks, whose slices are given.

/** Bytes from row to row and slice to slice of a brick of bytes, and those it takes. */
export const BYTE_ROW: i32 = 11;
export const BYTE_SLICE: i32 = 121;
export const BYTE_BRICK: i32 = 1344;

/** Bytes of a brick that lie before the first voxel of its block: where addresses point to. */
export const BYTE_FIRST: i32 = 133;

/**
 * Where voxels have four bytes, the bytes are of their channel r, and behind them are colours of the
 * voxels 0…8 along each axis: (r, g, b) of the hue times weight, and weight, as int16, 32767 being 1.
 */
export const COLOURS: i32 = BYTE_BRICK - BYTE_FIRST;
export const COLOUR_ROW: i32 = 72;
export const COLOUR_SLICE: i32 = 648;
const COLOUR_BRICK: i32 = 5832;

/** Bytes that a brick takes. */
export function brickSize(channels: i32): i32 {
  return channels == 1 ? BYTE_BRICK : BYTE_BRICK + COLOUR_BRICK;
}

/** Least and largest value and presence of each block of a layer. */
export function rayOccupancy(
  slices: usize,
  sizeX: i32,
  sizeY: i32,
  depth: i32,
  channels: i32,
  least: usize,
  most: usize,
  present: usize,
): void {
  for (let y = 0; y < sizeY; y += 8) {
    for (let x = 0; x < sizeX; x += 8) {
      const width = min<i32>(9, sizeX - x), height = min<i32>(9, sizeY - y);
      let low = i8x16.splat(-1), high = i8x16.splat(0), some: u32 = channels == 1 ? 1 : 0;
      for (let k = 0; k < depth; k++) {
        for (let j = 0; j < height; j++) {
          const row = slices + ((k * sizeY + y + j) * sizeX + x) * channels;
          if (channels == 1 && width == 9) {
            const near = v128.load64_splat(row), far = v128.load64_splat(row + 1);
            low = i8x16.min_u(low, i8x16.min_u(near, far));
            high = i8x16.max_u(high, i8x16.max_u(near, far));
            continue;
          }
          for (let i = 0; i < width; i++) {
            const value = i8x16.splat(load<i8>(row + i * channels));
            low = i8x16.min_u(low, value);
            high = i8x16.max_u(high, value);
            if (channels == 4) some |= <u32> load<u8>(row + 4 * i, 2) * load<u8>(row + 4 * i, 3);
          }
        }
      }
      store<u8>(least++, ends(low, true));
      store<u8>(most++, ends(high, false));
      store<u8>(present++, some > 0 ? 1 : 0);
    }
  }
}

/** The least or largest of the first eight bytes. */
function ends(bytes: v128, lower: bool): u8 {
  let end: u8 = i8x16.extract_lane_u(bytes, 0);
  const eight = i64x2.extract_lane(bytes, 0);
  for (let i = 8; i < 64; i += 8) {
    const byte = <u8> (eight >> i);
    end = lower ? min<u8>(end, byte) : max<u8>(end, byte);
  }
  return end;
}

/** Bytes of a brick before the voxel that addresses point to. */
export function brickFirst(): i32 {
  return BYTE_FIRST;
}

/**
 * Writes the bricks of a layer to where `places` says, an address a block: 0 has none. Of the slices
 * given the first `before` (0 or 1) lie before the layer. `hues` are 256 × (r, g, b, 1) as int16.
 */
export function rayBricks(
  slices: usize,
  sizeX: i32,
  sizeY: i32,
  before: i32,
  depth: i32,
  channels: i32,
  hues: usize,
  places: usize,
): void {
  const area = sizeY * sizeX * channels;
  for (let y = 0; y < sizeY; y += 8) {
    for (let x = 0; x < sizeX; x += 8, places += 4) {
      const brick = <usize> load<u32>(places);
      if (!brick) continue;
      for (let k = -1; k < 10; k++) {
        const slice = slices + clamp(k + before, depth - 1) * area;
        bytes(slice, sizeX, sizeY, channels, x, y, brick + k * BYTE_SLICE);
        if (channels == 1 || k < 0 || k == 9) continue;
        colours(slice, sizeX, sizeY, hues, x, y, brick + COLOURS + k * COLOUR_SLICE);
      }
    }
  }
}

function clamp(i: i32, last: i32): i32 {
  return max<i32>(0, min<i32>(i, last));
}

/** A slice of a brick's bytes, `to` being where its block begins. */
function bytes(
  slice: usize,
  sizeX: i32,
  sizeY: i32,
  channels: i32,
  x: i32,
  y: i32,
  to: usize,
): void {
  const inside = channels == 1 && x > 0 && x + 10 <= sizeX;
  for (let j = -1; j < 10; j++) {
    const row = slice + clamp(y + j, sizeY - 1) * sizeX * channels;
    const at = to + j * BYTE_ROW - 1;
    if (inside) {
      store<u64>(at, load<u64>(row + x - 1));
      store<u32>(at, load<u32>(row + x + 6), 7);
      continue;
    }
    for (let i = 0; i < 11; i++) {
      store<u8>(at + i, load<u8>(row + clamp(x + i - 1, sizeX - 1) * channels));
    }
  }
}

function colours(
  slice: usize,
  sizeX: i32,
  sizeY: i32,
  hues: usize,
  x: i32,
  y: i32,
  to: usize,
): void {
  for (let j = 0; j < 9; j++) {
    const row = slice + 4 * clamp(y + j, sizeY - 1) * sizeX;
    for (let i = 0; i < 9; i++, to += 8) {
      const voxel = row + 4 * clamp(x + i, sizeX - 1);
      // Of 65025 as of 32767, rounded; 1 is 1.
      const weight = (<u32> load<u8>(voxel, 2) * load<u8>(voxel, 3) * 33025 + 32768) >> 16;
      const hue = v128.load64_zero(hues + (<usize> load<u8>(voxel, 1) << 3));
      const colour = i16x8.relaxed_q15mulr_s(hue, i16x8.splat(<i16> weight));
      v128.store64_lane(to, i16x8.replace_lane(colour, 3, <i16> weight), 0);
    }
  }
}
