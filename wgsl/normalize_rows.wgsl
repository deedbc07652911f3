// Divides each row of a matrix by its sum, where that is above 0: a workgroup a row. Defined by what
// src/analysis/derive/attention.ts does after each squaring.

const WIDTH = 256u;

/** Numbers of a row. */
@group(0) @binding(0) var<storage, read> columns: u32;
@group(0) @binding(1) var<storage, read_write> rows: array<f32>;

var<workgroup> sums: array<f32, WIDTH>;

@compute @workgroup_size(256)
fn normalize_rows(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let begin = group.x * columns;
  var sum = 0.0;
  for (var at = index; at < columns; at += WIDTH) {
    sum += rows[begin + at];
  }
  sums[index] = sum;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (index < half) {
      sums[index] += sums[index + half];
    }
    workgroupBarrier();
  }
  if (!(sums[0] > 0.0)) {
    return;
  }
  for (var at = index; at < columns; at += WIDTH) {
    rows[begin + at] /= sums[0];
  }
}
