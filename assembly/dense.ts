// dense: a layer of neurons for many inputs at once. See `Ops.dense`.

/** Rows of `inputs` and of `outputs`; `weights` has a row of `outputs` for each input. */
export function dense(
  input: usize,
  rows: i32,
  inputs: i32,
  weights: usize,
  bias: usize,
  outputs: i32,
  relu: bool,
  out: usize,
): void {
  const across = <usize> inputs << 2, pitch = <usize> outputs << 2;
  for (let row = 0; row < rows; row++, input += across) {
    let left = outputs, w = weights, b = bias;
    for (; left >= 16; left -= 16, w += 64, b += 64, out += 64) {
      let s0 = v128.load(b), s1 = v128.load(b, 16), s2 = v128.load(b, 32), s3 = v128.load(b, 48);
      for (let k: usize = 0, at = w; k < across; k += 4, at += pitch) {
        const x = v128.load_splat<f32>(input + k);
        s0 = f32x4.add(s0, f32x4.mul(x, v128.load(at)));
        s1 = f32x4.add(s1, f32x4.mul(x, v128.load(at, 16)));
        s2 = f32x4.add(s2, f32x4.mul(x, v128.load(at, 32)));
        s3 = f32x4.add(s3, f32x4.mul(x, v128.load(at, 48)));
      }
      v128.store(out, bend(s0, relu));
      v128.store(out, bend(s1, relu), 16);
      v128.store(out, bend(s2, relu), 32);
      v128.store(out, bend(s3, relu), 48);
    }
    for (; left >= 4; left -= 4, w += 16, b += 16, out += 16) {
      let sums = v128.load(b);
      for (let k: usize = 0, at = w; k < across; k += 4, at += pitch) {
        sums = f32x4.add(sums, f32x4.mul(v128.load_splat<f32>(input + k), v128.load(at)));
      }
      v128.store(out, bend(sums, relu));
    }
    for (; left > 0; left--, w += 4, b += 4, out += 4) {
      let sum = load<f32>(b);
      for (let k: usize = 0, at = w; k < across; k += 4, at += pitch) {
        sum += load<f32>(input + k) * load<f32>(at);
      }
      store<f32>(out, relu && sum < 0 ? 0 : sum);
    }
  }
}

function bend(sums: v128, relu: bool): v128 {
  return relu ? f32x4.pmax(sums, f32x4.splat(0)) : sums;
}
