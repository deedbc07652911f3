// C = α·A·B + β·C, a workgroup for 64 × 64 elements, an invocation for 4 × 4 of them. Defined by `Ops.gemm` and
// src/compute/reference/gemm.ts; the names are theirs.

struct Product {
  m: u32,
  n: u32,
  k: u32,
  /** 1 where A is stored transposed, 2 where B is. */
  transposed: u32,
  alpha: f32,
  beta: f32,
  /** Terms that are summed before they are added to C: some steps. */
  terms: u32,
}

// Not a uniform: some software drivers compile the shader anew for each set of those.
@group(0) @binding(0) var<storage, read> product: Product;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

const SIDE = 64u;
/** Terms that are in workgroup memory at a time. */
const STEP = 16u;
const INVOCATIONS = 256u;

/** Element (i, p) of the workgroup's rows of A at p * SIDE + i; (p, j) of its columns of B likewise. */
var<workgroup> left: array<f32, SIDE * STEP>;
var<workgroup> right: array<f32, SIDE * STEP>;

@compute @workgroup_size(16, 16)
fn gemm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = group.y * SIDE;
  let column = group.x * SIDE;
  let i = row + local.y * 4u;
  let j = column + local.x * 4u;
  // By name, not in arrays: those that are indexed need not be in registers.
  var s0: vec4f;
  var s1: vec4f;
  var s2: vec4f;
  var s3: vec4f;
  for (var first = 0u; first < product.k; first += STEP) {
    load(row, column, first, index);
    workgroupBarrier();
    for (var p = 0u; p < STEP; p++) {
      let u = p * SIDE + local.x * 4u;
      let v = p * SIDE + local.y * 4u;
      let across = vec4f(right[u], right[u + 1u], right[u + 2u], right[u + 3u]);
      s0 += left[v] * across;
      s1 += left[v + 1u] * across;
      s2 += left[v + 2u] * across;
      s3 += left[v + 3u] * across;
    }
    workgroupBarrier();
    let next = first + STEP;
    if (next % product.terms == 0u && next < product.k) {
      let beta = select(1.0, product.beta, next == product.terms);
      add(i, j, s0, beta);
      add(i + 1u, j, s1, beta);
      add(i + 2u, j, s2, beta);
      add(i + 3u, j, s3, beta);
      s0 = vec4f();
      s1 = vec4f();
      s2 = vec4f();
      s3 = vec4f();
    }
  }
  let beta = select(1.0, product.beta, product.k <= product.terms);
  add(i, j, s0, beta);
  add(i + 1u, j, s1, beta);
  add(i + 2u, j, s2, beta);
  add(i + 3u, j, s3, beta);
}

/** C = α·s + β·C of four elements of a row, as far as there are; where β is 0, the host has left C at 0. */
fn add(i: u32, j: u32, s: vec4f, beta: f32) {
  if (i >= product.m) {
    return;
  }
  for (var x = 0u; x < min(4u, product.n - min(j, product.n)); x++) {
    let at = i * product.n + j + x;
    c[at] = product.alpha * s[x] + beta * c[at];
  }
}

/** Loads a step of terms, 0 where there are none; neighbouring invocations read neighbouring numbers. */
fn load(row: u32, column: u32, first: u32, index: u32) {
  for (var at = index; at < SIDE * STEP; at += INVOCATIONS) {
    // Lines are contiguous, or terms are.
    let line = vec2u(at % SIDE, at / SIDE);
    let term = vec2u(at / STEP, at % STEP);
    let forA = select(term, line, product.transposed == 1u);
    let forB = select(line, term, product.transposed == 2u);

    let i = row + forA.x;
    let p = first + forA.y;
    let placeA = select(i * product.k + p, p * product.m + i, product.transposed == 1u);
    var value = 0.0;
    if (i < product.m && p < product.k) {
      value = a[placeA];
    }
    left[forA.y * SIDE + forA.x] = value;

    let j = column + forB.x;
    let q = first + forB.y;
    let placeB = select(q * product.n + j, j * product.k + q, product.transposed == 2u);
    value = 0.0;
    if (j < product.n && q < product.k) {
      value = b[placeB];
    }
    right[forB.y * SIDE + forB.x] = value;
  }
}
