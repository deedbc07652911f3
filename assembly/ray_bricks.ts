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
  const pitch = <usize> (sizeX * channels), slice = pitch * <usize> sizeY;
  for (let y = 0; y < sizeY; y += 8) {
    const height = min<i32>(9, sizeY - y);
    for (let x = 0; x < sizeX; x += 8) {
      const first = slices + y * pitch + x * channels, width = min<i32>(9, sizeX - x);
      const isPair = channels == 1 && x + 17 <= sizeX;
      let some = true;
      if (channels == 1 && width >= 8) twoBlocks(first, width, pitch, height, slice, depth);
      else some = someBlock(first, width, pitch, height, slice, depth, channels);
      store<u8>(least++, ends(low, true));
      store<u8>(most++, ends(high, false));
      store<u8>(present++, some ? 1 : 0);
      if (!isPair) continue;
      store<u8>(least++, ends(upper(low), true));
      store<u8>(most++, ends(upper(high), false));
      store<u8>(present++, 1);
      x += 8;
    }
  }
}

/** Of the block that was looked at, bytes among whose first eight are the least and the largest. */
let low: v128 = i8x16.splat(0), high: v128 = i8x16.splat(0);

/**
 * Looks at a block of bytes, 8 or 9 voxels wide, and at the one to the right of it, which is in the upper
 * halves: where there is none, they are of up to 8 bytes beyond.
 */
function twoBlocks(
  first: usize,
  width: i32,
  pitch: usize,
  height: i32,
  slice: usize,
  depth: i32,
): void {
  let least = i8x16.splat(-1), most = i8x16.splat(0);
  for (let k = 0; k < depth; k++) {
    let row = first + k * slice;
    for (const end = row + height * pitch; row < end; row += pitch) {
      const near = v128.load(row), far = v128.load(row + width - 8);
      least = i8x16.min_u(least, i8x16.min_u(near, far));
      most = i8x16.max_u(most, i8x16.max_u(near, far));
    }
  }
  low = least;
  high = most;
}

/** Looks at any block; whether a voxel of it has weight. */
function someBlock(
  first: usize,
  width: i32,
  pitch: usize,
  height: i32,
  slice: usize,
  depth: i32,
  channels: i32,
): bool {
  let least: u8 = 255, most: u8 = 0, some = channels == 1;
  for (let k = 0; k < depth; k++) {
    for (let j = 0; j < height; j++) {
      const row = first + k * slice + j * pitch;
      for (let i = 0; i < width; i++) {
        const voxel = row + i * channels, value = load<u8>(voxel);
        least = min(least, value);
        most = max(most, value);
        if (channels == 4) some = some || <u32> load<u8>(voxel, 2) * load<u8>(voxel, 3) > 0;
      }
    }
  }
  low = i8x16.splat(least);
  high = i8x16.splat(most);
  return some;
}

/** The last eight bytes as the first. */
function upper(bytes: v128): v128 {
  return v128.shuffle<i64>(bytes, bytes, 1, 1);
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
 * Marks with 1 the blocks that have more than one value, or of which a neighbour has another least or largest
 * one; others with 0.
 */
export function rayChanging(
  least: usize,
  most: usize,
  across: i32,
  down: i32,
  deep: i32,
  marks: usize,
): void {
  const area = across * down;
  for (let i = 0; i < area * deep; i++) {
    store<u8>(marks + i, load<u8>(least + i) == load<u8>(most + i) ? 0 : 1);
  }
  for (let z = 0, i = 0; z < deep; z++) {
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++, i++) {
        if (x + 1 < across) join(least, most, marks, i, i + 1);
        if (y + 1 < down) join(least, most, marks, i, i + across);
        if (z + 1 < deep) join(least, most, marks, i, i + area);
      }
    }
  }
}

function join(least: usize, most: usize, marks: usize, i: i32, j: i32): void {
  if (load<u8>(least + i) == load<u8>(least + j) && load<u8>(most + i) == load<u8>(most + j)) {
    return;
  }
  store<u8>(marks + i, 1);
  store<u8>(marks + j, 1);
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
