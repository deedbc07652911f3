// Rows of X of X·R = Z, RᵀR = ZᵀZ being Cholesky's: the 32 columns of X are orthonormal and span what those of Z do,
// to the digits that float32 has of ZᵀZ (A. Stathopoulos, K. Wu, "A block orthogonalization procedure with constant
// synchronization requirements", 2002). A column that the ones before it span becomes 0.

const SIDE = 32u;
const ROWS = 256u;
/** Share of a column's square that has to be left of it. */
const LEAST = 1e-6;

struct Rows {
  count: u32,
}

@group(0) @binding(0) var<storage, read> rows: Rows;
@group(0) @binding(1) var<storage, read> gram: array<f32>;
/** Z; X when done. */
@group(0) @binding(2) var<storage, read_write> vectors: array<f32>;

/** R above the diagonal, and there what is divided by, 0 where nothing is left. */
var<workgroup> factor: array<f32, SIDE * SIDE>;

/** A workgroup for 256 rows, each of which finds R for itself: it is small. */
@compute @workgroup_size(256)
fn orthonormalize(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  for (var at = index; at < SIDE * SIDE; at += ROWS) {
    factor[at] = gram[at];
  }
  workgroupBarrier();
  for (var k = 0u; k < SIDE; k++) {
    // What is left on the diagonal, and the row as it is, before any of it changes.
    let pivot = factor[k * SIDE + k];
    let isLeft = pivot > LEAST * gram[k * SIDE + k];
    let inverse = select(0.0, inverseSqrt(pivot), isLeft);
    workgroupBarrier();
    if (index < SIDE && index >= k) {
      factor[k * SIDE + index] = select(factor[k * SIDE + index] * inverse, inverse, index == k);
    }
    workgroupBarrier();
    for (var at = index; at < SIDE * SIDE; at += ROWS) {
      let i = at / SIDE;
      let j = at % SIDE;
      if (i > k && j >= i) {
        factor[at] -= factor[k * SIDE + i] * factor[k * SIDE + j];
      }
    }
    workgroupBarrier();
  }
  if (id.x >= rows.count) {
    return;
  }
  let row = id.x * SIDE;
  for (var j = 0u; j < SIDE; j++) {
    var rest = vectors[row + j];
    for (var i = 0u; i < j; i++) {
      rest -= vectors[row + i] * factor[i * SIDE + j];
    }
    vectors[row + j] = rest * factor[j * SIDE + j];
  }
}
