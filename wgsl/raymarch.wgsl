// Rays through a volume of bytes, an invocation a pixel. What is drawn is defined by
// src/compute/ray/ops.ts and src/compute/reference/raymarch.ts; the names are theirs.

struct View {
  origin: vec3f,
  step: f32,
  forward: vec3f,
  /** 0…255. */
  level: f32,
  across: vec3f,
  perspective: u32,
  down: vec3f,
  mode: u32,
  spacing: vec3f,
  shading: u32,
  low: vec3f,
  channels: u32,
  high: vec3f,
  bisections: u32,
  size: vec3i,
  /** Pixels a side of the whole image. */
  side: i32,
  /** Left, top, width and height of what is drawn of it. */
  viewport: vec4i,
}

// Not a uniform: some software drivers compile the shader anew for each set of those.
@group(0) @binding(0) var<storage, read> view: View;
@group(0) @binding(1) var volume: texture_3d<u32>;
/** A block each: least value, largest value << 8, presence << 16. */
@group(0) @binding(2) var<storage, read> occupancy: array<u32>;
/** 256 entries each of the transfer function, of a step's samples, of hues. */
@group(0) @binding(3) var<storage, read> tables: array<vec4f>;
/** How many entries below each value have opacity. */
@group(0) @binding(4) var<storage, read> opaque: array<u32>;
@group(0) @binding(5) var<storage, read_write> rgba: array<u32>;
/** float32 bits, since no shader is sure to keep a NaN. */
@group(0) @binding(6) var<storage, read_write> values: array<u32>;

const TRANSFER = 0;
const SAMPLES = 256;
const HUES = 512;
const COMPOSITE = 0u;
const MAXIMUM = 1u;
const ISO = 2u;
const CUBES = 3u;
const NAN = 0x7fc00000u;
const OPAQUE = 0.996;
const PARALLEL = 1e-9;
const FAINT = 0.01 * 0.01;
/** Farther than any ray goes. */
const FAR = 1e30;

struct Ray {
  origin: vec3f,
  direction: vec3f,
  /** Change in voxels from t to t + 1. */
  pace: vec3f,
  enter: f32,
  leave: f32,
  /** Position of sample 0 and change from sample to sample, from centre to centre of voxels. */
  start: vec3f,
  stride: vec3f,
  count: i32,
}

/** Of which axes a direction lies across. */
fn is_parallel(direction: vec3f) -> vec3<bool> {
  return abs(direction) < vec3f(PARALLEL);
}

fn ray_at(x: i32, y: i32) -> Ray {
  let a = f32(2 * x + 1 - view.side) / f32(view.side);
  let b = f32(2 * y + 1 - view.side) / f32(view.side);
  let sideways = a * view.across + b * view.down;
  var ray: Ray;
  if (view.perspective != 0u) {
    ray.origin = view.origin;
    ray.direction = normalize(view.forward + sideways);
  } else {
    ray.origin = view.origin + sideways / view.spacing;
    ray.direction = view.forward;
  }
  ray.pace = ray.direction / view.spacing;
  let low = view.low - ray.origin;
  let high = view.high - ray.origin;
  let along = is_parallel(ray.pace);
  let pace = select(ray.pace, vec3f(1.0), along);
  let near = select(min(low / pace, high / pace), vec3f(-FAR), along);
  let far = select(max(low / pace, high / pace), vec3f(FAR), along);
  ray.enter = max(0.0, max(near.x, max(near.y, near.z)));
  ray.leave = min(far.x, min(far.y, far.z));
  if (any(along & ((low > vec3f(0.0)) | (high < vec3f(0.0))))) {
    ray.leave = -1.0;
  }
  ray.count = 0;
  if (ray.leave > ray.enter) {
    ray.count = i32(floor((ray.leave - ray.enter) / view.step + 0.5));
  }
  ray.start = ray.origin + (ray.enter + 0.5 * view.step) * ray.pace - 0.5;
  ray.stride = ray.pace * view.step;
  return ray;
}

fn voxel(at: vec3i) -> vec4u {
  return textureLoad(volume, at, 0);
}

fn value_at(position: vec3f) -> f32 {
  let last = view.size - 1;
  let inside = clamp(position, vec3f(0.0), vec3f(last));
  let a = vec3i(inside);
  let b = min(a + 1, last);
  let share = inside - vec3f(a);
  let near = vec4f(
    f32(voxel(a).r),
    f32(voxel(vec3i(a.x, b.y, a.z)).r),
    f32(voxel(vec3i(a.xy, b.z)).r),
    f32(voxel(vec3i(a.x, b.yz)).r),
  );
  let far = vec4f(
    f32(voxel(vec3i(b.x, a.yz)).r),
    f32(voxel(vec3i(b.xy, a.z)).r),
    f32(voxel(vec3i(b.x, a.y, b.z)).r),
    f32(voxel(b).r),
  );
  let rows = near + (far - near) * share.x;
  let slices = rows.xz + (rows.yw - rows.xz) * share.y;
  return slices.x + (slices.y - slices.x) * share.z;
}

/** Colour of the hue times weight, and weight. */
fn weighed_hue(at: vec3i) -> vec4f {
  let texel = voxel(at);
  return tables[HUES + i32(texel.g)] * (f32(texel.b * texel.a) / 65025.0);
}

fn hue_at(position: vec3f) -> vec4f {
  let last = view.size - 1;
  let inside = clamp(position, vec3f(0.0), vec3f(last));
  let a = vec3i(inside);
  let b = min(a + 1, last);
  let share = inside - vec3f(a);
  let top = mix(weighed_hue(a), weighed_hue(vec3i(b.x, a.yz)), share.x);
  let bottom = mix(weighed_hue(vec3i(a.x, b.y, a.z)), weighed_hue(vec3i(b.xy, a.z)), share.x);
  let far_top = mix(weighed_hue(vec3i(a.xy, b.z)), weighed_hue(vec3i(b.x, a.y, b.z)), share.x);
  let far_bottom = mix(weighed_hue(vec3i(a.x, b.yz)), weighed_hue(b), share.x);
  return mix(mix(top, bottom, share.y), mix(far_top, far_bottom, share.y), share.z);
}

/** What a colour is multiplied by, and what is added. */
fn light(position: vec3f, direction: vec3f) -> vec2f {
  let one = vec2f(1.0, 0.0);
  let change = vec3f(
    value_at(position + one.xyy) - value_at(position - one.xyy),
    value_at(position + one.yxy) - value_at(position - one.yxy),
    value_at(position + one.yyx) - value_at(position - one.yyx),
  );
  let gradient = change / (510.0 * view.spacing);
  let square = dot(gradient, gradient);
  let cosine = min(1.0, abs(dot(gradient, direction)) / sqrt(square + 1e-20));
  let surface = square / (square + FAINT);
  let fourth = cosine * cosine * cosine * cosine;
  return vec2f(1.0 - 0.7 * surface * (1.0 - cosine), 0.25 * surface * fourth * fourth * fourth * fourth);
}

fn lookup(table: i32, value: f32) -> vec4f {
  let entry = min(254, i32(value));
  let below = tables[table + entry];
  return below + (tables[table + entry + 1] - below) * (value - f32(entry));
}

fn block_at(at: vec3i) -> u32 {
  let blocks = (view.size + 7) / 8;
  let block = at / 8;
  return occupancy[(block.z * blocks.y + block.y) * blocks.x + block.x];
}

/** Whether a block can add anything to what a ray has found. */
fn matters(block: u32, most: f32) -> bool {
  let low = block & 255u;
  let high = (block >> 8u) & 255u;
  if (view.mode == MAXIMUM) {
    return f32(high) > most;
  }
  if (view.mode == ISO) {
    return f32(high) >= view.level;
  }
  return (block >> 16u) != 0u && opaque[high + 1u] > opaque[low];
}

/** The number of the first sample that is not before the border of the block of sample k. */
fn border(ray: Ray, at: vec3i) -> i32 {
  let along = is_parallel(ray.stride);
  let stride = select(ray.stride, vec3f(1.0), along);
  let planes = vec3f(at / 8 * 8 + select(vec3i(0), vec3i(8), stride > vec3f(0.0)));
  let far = select((planes - ray.start) / stride, vec3f(FAR), along);
  let next = min(far.x, min(far.y, far.z));
  return i32(ceil(clamp(next, 0.0, f32(ray.count))));
}

/** What a sample adds: colour times opacity, and opacity. */
fn sample_at(position: vec3f, value: f32, direction: vec3f) -> vec4f {
  var taken = lookup(SAMPLES, value);
  if (taken.a == 0.0) {
    return taken;
  }
  if (view.channels == 4u) {
    let hue = hue_at(position);
    taken = vec4f(hue.rgb * (taken.a * value / 255.0), taken.a * hue.a);
  }
  if (view.shading != 0u) {
    let lit = light(position, direction);
    taken = vec4f(min(taken.rgb * lit.x + taken.a * lit.y, vec3f(taken.a)), taken.a);
  }
  return taken;
}

/** Sums up, or finds: `sum` is a colour times opacity, and opacity; `most` and `hit` are −1 of none. */
struct Found {
  sum: vec4f,
  most: f32,
  hit: f32,
}

fn march(ray: Ray) -> Found {
  var found = Found(vec4f(0.0), -1.0, -1.0);
  var border_ahead = 0;
  var k = 0;
  while (k < ray.count) {
    let position = ray.start + f32(k) * ray.stride;
    if (k >= border_ahead) {
      let at = vec3i(clamp(position, vec3f(0.0), vec3f(view.size - 1)));
      border_ahead = max(k + 1, border(ray, at));
      if (!matters(block_at(at), found.most)) {
        k = border_ahead;
        continue;
      }
    }
    let value = value_at(position);
    if (view.mode == COMPOSITE) {
      found.sum += (1.0 - found.sum.a) * sample_at(position, value, ray.direction);
      if (found.sum.a >= OPAQUE) {
        return found;
      }
    } else if (view.mode == MAXIMUM) {
      found.most = max(found.most, value);
    } else if (value >= view.level) {
      found.hit = surface(ray, k);
      return found;
    }
    k++;
  }
  return found;
}

/** Where between samples k − 1 and k the level is reached. */
fn surface(ray: Ray, k: i32) -> f32 {
  var hit = f32(k);
  if (k == 0) {
    return hit;
  }
  var below = hit - 1.0;
  for (var i = 0u; i < view.bisections; i++) {
    let middle = (below + hit) / 2.0;
    if (value_at(ray.start + middle * ray.stride) >= view.level) {
      hit = middle;
    } else {
      below = middle;
    }
  }
  return hit;
}

/** 1 on the axis of the side through which a ray enters the volume; inside, the one it is nearest to. */
fn facing(ray: Ray) -> vec3i {
  var weight = abs(ray.direction);
  if (ray.enter > 0.0) {
    let along = is_parallel(ray.pace);
    let pace = select(ray.pace, vec3f(1.0), along);
    let side = select(view.high, view.low, pace > vec3f(0.0));
    weight = select((side - ray.origin) / pace, vec3f(-FAR), along);
  }
  if (weight.x >= weight.y && weight.x >= weight.z) {
    return vec3i(1, 0, 0);
  }
  return select(vec3i(0, 0, 1), vec3i(0, 1, 0), weight.y >= weight.z);
}

/** The colour of a voxel that has opacity and weight; opacity 0 of others. */
fn cube_at(at: vec3i) -> vec4f {
  let texel = voxel(at);
  let entry = tables[TRANSFER + i32(texel.r)];
  if (entry.a == 0.0) {
    return vec4f(0.0);
  }
  if (view.channels == 1u) {
    return vec4f(entry.rgb, 1.0);
  }
  let hue = weighed_hue(at);
  if (hue.a == 0.0) {
    return vec4f(0.0);
  }
  return vec4f(hue.rgb / hue.a * f32(texel.r) / 255.0, 1.0);
}

/** Amanatides and Woo 1987: red, green and blue of the first cube's face, and its distance, −1 of none. */
fn first_cube(ray: Ray) -> vec4f {
  let none = vec4f(0.0, 0.0, 0.0, -1.0);
  if (ray.leave <= ray.enter) {
    return none;
  }
  let entry = vec3i(floor(ray.origin + ray.enter * ray.pace));
  var at = clamp(entry, vec3i(floor(view.low)), vec3i(ceil(view.high)) - 1);
  var axis = facing(ray);
  let along = is_parallel(ray.pace);
  let pace = select(ray.pace, vec3f(1.0), along);
  let forward = pace > vec3f(0.0);
  var t = ray.enter;
  while (true) {
    if (matters(block_at(at), 0.0)) {
      let cube = cube_at(at);
      if (cube.a > 0.0) {
        return vec4f(cube.rgb * (0.3 + 0.7 * abs(dot(ray.direction, vec3f(axis)))), t);
      }
    }
    let borders = vec3f(at + select(vec3i(0), vec3i(1), forward));
    let next = select((borders - ray.origin) / pace, vec3f(FAR), along);
    t = min(next.x, min(next.y, next.z));
    axis = select(select(vec3i(0, 0, 1), vec3i(0, 1, 0), next.y == t), vec3i(1, 0, 0), next.x == t);
    at += select(-axis, axis, forward);
    if (t >= ray.leave || any(at < vec3i(0)) || any(at >= view.size)) {
      return none;
    }
  }
  return none;
}

fn paint(pixel: u32, colour: vec3f, opacity: f32, value: u32) {
  let alpha = u32(255.0 * opacity + 0.5);
  let bytes = vec3u(min(255.0 * colour + 0.5, vec3f(255.0)));
  rgba[pixel] = select(bytes.r | (bytes.g << 8u) | (bytes.b << 16u) | (alpha << 24u), 0u, alpha == 0u);
  values[pixel] = value;
}

@compute @workgroup_size(8, 8)
fn raymarch(@builtin(global_invocation_id) id: vec3u) {
  let x = i32(id.x);
  let y = i32(id.y);
  if (x >= view.viewport.z || y >= view.viewport.w) {
    return;
  }
  let pixel = id.y * u32(view.viewport.z) + id.x;
  let ray = ray_at(view.viewport.x + x, view.viewport.y + y);
  if (view.mode == CUBES) {
    let cube = first_cube(ray);
    let hit = cube.a >= 0.0;
    paint(pixel, cube.rgb, select(0.0, 1.0, hit), select(NAN, bitcast<u32>(cube.a), hit));
    return;
  }
  let found = march(ray);
  if (view.mode == COMPOSITE) {
    let opacity = select(found.sum.a, 1.0, found.sum.a >= OPAQUE);
    paint(pixel, found.sum.rgb / max(found.sum.a, 1e-9), opacity, bitcast<u32>(opacity));
  } else if (view.mode == MAXIMUM) {
    let hit = found.most >= 0.0;
    let most = max(found.most, 0.0);
    let value = select(NAN, bitcast<u32>(most / 255.0), hit);
    paint(pixel, lookup(TRANSFER, most).rgb, select(0.0, 1.0, hit), value);
  } else if (found.hit < 0.0) {
    paint(pixel, vec3f(0.0), 0.0, NAN);
  } else {
    let lit = light(ray.start + found.hit * ray.stride, ray.direction);
    let colour = lookup(TRANSFER, view.level).rgb * lit.x + lit.y;
    paint(pixel, colour, 1.0, bitcast<u32>(ray.enter + (found.hit + 0.5) * view.step));
  }
}
