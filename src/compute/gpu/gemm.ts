import code from "../../../wgsl/gemm.wgsl" with { type: "text" };
import { checkGemm } from "../matrices.ts";
import { type Product, type Target, TERMS } from "../ops.ts";
import { copyVoxels } from "../voxels.ts";
import { contents, output, owning, readable, upload } from "./buffers.ts";
import type { Gpu } from "./device.ts";
import { compile } from "./pipeline.ts";

/** Elements a side of the shader's workgroups. */
export const SIDE = 64;

/**
 * `Ops.gemm` on a GPU, within the roundings that it allows. NaN and ±∞ spread where the device's arithmetic is
 * IEEE's, which WGSL does not promise. Throws `RangeError` where matrices are larger than the device takes.
 */
export type GpuGemm = (a: Target, b: Target, product: Product, c: Target) => Promise<void>;

/** Products of matrices on a device: its pipeline is made once. */
export async function gpuGemm(gpu: Gpu): Promise<GpuGemm> {
  const pipeline = await compile(gpu, "gemm", code);
  return async (a, b, product, c) => {
    checkGemm(a, b, product, c);
    checkLimits(gpu.device, product);
    if (product.m * product.n === 0) return;
    await gpu.scoped("a product", () => multiply(gpu.device, pipeline, a, b, product, c));
  };
}

/** Throws `RangeError` where a product is larger than the device takes. */
export function checkLimits({ limits }: GPUDevice, { m, n, k }: Product): void {
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const bytes = 4 * Math.max(m * k, k * n, m * n);
  if (bytes > most) {
    throw new RangeError(
      `gemm: this GPU takes matrices of ${most} bytes, one of ${m} × ${n} × ${k} has ${bytes}`,
    );
  }
  const side = SIDE * limits.maxComputeWorkgroupsPerDimension;
  if (Math.max(m, n) > side) {
    throw new RangeError(`gemm: this GPU takes ${side} rows and columns, got ${m} × ${n}`);
  }
}

function multiply(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  a: Target,
  b: Target,
  product: Product,
  c: Target,
): Promise<void> {
  const { m, n, k, transposed, beta } = product;
  const [left, right] = [
    transposed === "a" ? rowsOf(a, k, m) : rowsOf(a, m, k),
    transposed === "b" ? rowsOf(b, n, k) : rowsOf(b, k, n),
  ];
  const size = m * n * 4;
  return owning(async (own) => {
    const sums = own(output(device, "C", size));
    if (beta !== 0) device.queue.writeBuffer(sums, 0, rowsOf(c, m, n));
    const bound = [
      own(upload(device, "product", numbersOf(product))),
      own(upload(device, "A", left)),
      own(upload(device, "B", right)),
      sums,
    ];
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: bound.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(n / SIDE), Math.ceil(m / SIDE));
    pass.end();
    const found = own(readable(device, "found", size));
    encoder.copyBufferToBuffer(sums, 0, found, 0, size);
    device.queue.submit([encoder.finish()]);
    const values = new Float32Array(await contents(found));
    copyVoxels({ values, start: 0, pitch: n, layer: 0 }, { ...c, layer: 0 }, n, m, 1);
  });
}

/** A matrix's rows without what lies between them; at least one number, as buffers must have. */
function rowsOf(matrix: Target, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(Math.max(1, rows * columns));
  const to = { values, start: 0, pitch: columns, layer: 0 };
  copyVoxels({ ...matrix, layer: 0 }, to, columns, rows, 1);
  return values;
}

/** In the order of the shader's `Product`. */
export function numbersOf({ m, n, k, transposed, alpha, beta }: Product): Uint8Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(28);
  const [words, floats] = [new Uint32Array(bytes), new Float32Array(bytes)];
  words.set([m, n, k, ["none", "a", "b"].indexOf(transposed)]);
  floats.set([alpha, beta], 4);
  words[6] = TERMS;
  return new Uint8Array(bytes);
}
