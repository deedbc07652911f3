// What is in blocks of 8 × 8 × 8 voxels, and bricks: blocks with what interpolation reaches from them,
// so 9 × 9 × 9 voxels, and of bytes with what differences reach, so one more on each side. Beyond the
// volume the outermost voxels are repeated. Both of a layer of blocks, whose slices are given.

/** Bytes from row to row and slice to slice of a brick of bytes, and those it takes. */
export const BYTE_ROW: i32 = 11;
export const BYTE_SLICE: i32 = 121;
export const BYTE_BRICK: i32 = 1344;

/** Bytes of such a brick that lie before the first voxel of its block: where addresses point to. */
export const BYTE_FIRST: i32 = 133;

/** The same of a brick of voxels of four bytes, which begins with the first voxel. */
export const WORD_ROW: i32 = 36;
export const WORD_SLICE: i32 = 324;
export const WORD_BRICK: i32 = 2916;

/** Bytes that a brick takes. */
export function brickSize(channels: i32): i32 {
  return channels == 1 ? BYTE_BRICK : WORD_BRICK;
}

/** Bytes of a brick before the voxel that addresses point to. */
export function brickFirst(channels: i32): i32 {
  return channels == 1 ? BYTE_FIRST : 0;
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

/**
 * Writes the bricks of a layer to where `places` says, an address a block: 0 has none. Of the slices
 * given the first `before` (0 or 1) lie before the layer.
 */
export function rayBricks(
  slices: usize,
  sizeX: i32,
  sizeY: i32,
  before: i32,
  depth: i32,
  channels: i32,
  places: usize,
): void {
  const area = sizeY * sizeX * channels;
  for (let y = 0; y < sizeY; y += 8) {
    for (let x = 0; x < sizeX; x += 8, places += 4) {
      const brick = <usize> load<u32>(places);
      if (!brick) continue;
      if (channels == 1) {
        for (let k = -1; k < 10; k++) {
          const slice = slices + clamp(k + before, depth - 1) * area;
          bytes(slice, sizeX, sizeY, x, y, brick + k * BYTE_SLICE);
        }
      } else {
        for (let k = 0; k < 9; k++) {
          const slice = slices + clamp(k + before, depth - 1) * area;
          words(slice, sizeX, sizeY, x, y, brick + k * WORD_SLICE);
        }
      }
    }
  }
}

function clamp(i: i32, last: i32): i32 {
  return max<i32>(0, min<i32>(i, last));
}

/** A slice of a brick, `to` being where its block begins. */
function bytes(slice: usize, sizeX: i32, sizeY: i32, x: i32, y: i32, to: usize): void {
  const inside = x > 0 && x + 10 <= sizeX;
  for (let j = -1; j < 10; j++) {
    const row = slice + clamp(y + j, sizeY - 1) * sizeX;
    const at = to + j * BYTE_ROW - 1;
    if (inside) {
      store<u64>(at, load<u64>(row + x - 1));
      store<u32>(at, load<u32>(row + x + 6), 7);
      continue;
    }
    for (let i = 0; i < 11; i++) store<u8>(at + i, load<u8>(row + clamp(x + i - 1, sizeX - 1)));
  }
}

function words(slice: usize, sizeX: i32, sizeY: i32, x: i32, y: i32, to: usize): void {
  for (let j = 0; j < 9; j++) {
    const row = slice + 4 * clamp(y + j, sizeY - 1) * sizeX;
    for (let i = 0; i < 9; i++, to += 4) {
      store<u32>(to, load<u32>(row + 4 * clamp(x + i, sizeX - 1)));
    }
  }
}
