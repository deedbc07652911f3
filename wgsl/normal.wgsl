// Products of a matrix A, or of Aᵀ, with blocks of 32 vectors, for AᵀA·X. Defined by `Ops.normal` and
// src/compute/reference/normal.ts, for one vector.

struct Block {
  /** Lines of the operator, which are the matrix's rows or, where it is transposed, its columns; terms of each. */
  lines: u32,
  terms: u32,
  transposed: u32,
  /** The first row of B that is used, and the first of the sums that is written. */
  begin: u32,
  place: u32,
  /** Whether sums are added to what is there. */
  adds: u32,
}

@group(0) @binding(0) var<storage, read> block: Block;
@group(0) @binding(1) var<storage, read> a: array<f32>;
/** Rows of 32 numbers: a component of each vector. */
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
/** Row i of piece p at p * lines + i. */
@group(0) @binding(3) var<storage, read_write> pieces: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec4f>;

/** Lines of a workgroup; terms that it sums; terms in workgroup memory at a time; fours of a row of B. */
const LINES = 64u;
const PIECE = 256u;
const STEP = 16u;
const FOURS = 8u;
const INVOCATIONS = 128u;
/** Terms that are summed before they are added to the others: half the digits are lost in a quarter of them. */
const RUN = 64u;

/** Element (line, term) at term * LINES + line, (term, four) at term * FOURS + four. */
var<workgroup> left: array<f32, LINES * STEP>;
var<workgroup> right: array<vec4f, FOURS * STEP>;

/** A workgroup for a piece of the terms of 64 lines, an invocation for four lines and four vectors. */
@compute @workgroup_size(8, 16)
fn products(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let line = group.x * LINES;
  let begin = group.y * PIECE;
  let end = min(block.terms, begin + PIECE);
  // By name, not in arrays: those that are indexed need not be in registers.
  var s0: vec4f;
  var s1: vec4f;
  var s2: vec4f;
  var s3: vec4f;
  var t0: vec4f;
  var t1: vec4f;
  var t2: vec4f;
  var t3: vec4f;
  for (var first = begin; first < end; first += STEP) {
    load(line, first, end, index);
    workgroupBarrier();
    for (var p = 0u; p < STEP; p++) {
      let across = right[p * FOURS + local.x];
      let v = p * LINES + local.y * 4u;
      s0 += left[v] * across;
      s1 += left[v + 1u] * across;
      s2 += left[v + 2u] * across;
      s3 += left[v + 3u] * across;
    }
    workgroupBarrier();
    if ((first + STEP) % RUN == 0u) {
      t0 += s0;
      t1 += s1;
      t2 += s2;
      t3 += s3;
      s0 = vec4f();
      s1 = vec4f();
      s2 = vec4f();
      s3 = vec4f();
    }
  }
  let i = line + local.y * 4u;
  let at = (group.y * block.lines + i) * FOURS + local.x;
  if (i < block.lines) {
    pieces[at] = t0 + s0;
  }
  if (i + 1u < block.lines) {
    pieces[at + FOURS] = t1 + s1;
  }
  if (i + 2u < block.lines) {
    pieces[at + 2u * FOURS] = t2 + s2;
  }
  if (i + 3u < block.lines) {
    pieces[at + 3u * FOURS] = t3 + s3;
  }
}

/** Loads a step of terms, 0 where there are none; neighbouring invocations read neighbouring numbers. */
fn load(line: u32, first: u32, end: u32, index: u32) {
  for (var at = index; at < LINES * STEP; at += INVOCATIONS) {
    // Lines are contiguous, or terms are.
    let own = select(vec2u(at / STEP, at % STEP), vec2u(at % LINES, at / LINES), block.transposed == 1u);
    let i = line + own.x;
    let p = first + own.y;
    var value = 0.0;
    if (i < block.lines && p < end) {
      value = a[select(i * block.terms + p, p * block.lines + i, block.transposed == 1u)];
    }
    left[own.y * LINES + own.x] = value;
  }
  let p = first + index / FOURS;
  var four = vec4f();
  if (p < end) {
    four = b[(block.begin + p) * FOURS + index % FOURS];
  }
  right[index] = four;
}

/**
 * Sums the pieces in pairs, and those in pairs, four numbers an invocation. Not with what rounding leaves of each
 * addition: drivers take (a + b) - a for b.
 */
@compute @workgroup_size(256)
fn total(@builtin(global_invocation_id) id: vec3u) {
  let size = block.lines * FOURS;
  if (id.x >= size) {
    return;
  }
  let place = block.place * FOURS + id.x;
  let count = (block.terms + PIECE - 1u) / PIECE;
  // Sums of 2^k pieces that wait for as many others.
  var waiting: array<vec4f, 32>;
  for (var piece = 0u; piece < count; piece++) {
    var sum = pieces[piece * size + id.x];
    var k = 0u;
    while (((piece >> k) & 1u) == 1u) {
      sum += waiting[k];
      k++;
    }
    waiting[k] = sum;
  }
  var sum = vec4f();
  for (var k = 0u; k < 32u; k++) {
    if (((count >> k) & 1u) == 1u) {
      sum += waiting[k];
    }
  }
  if (block.adds == 1u) {
    sum += sums[place];
  }
  sums[place] = sum;
}
