import gemmCode from "../../../wgsl/gemm.wgsl" with { type: "text" };
import rowsCode from "../../../wgsl/normalize_rows.wgsl" with { type: "text" };
import { contents, output, owning, readable, upload } from "./buffers.ts";
import type { Gpu } from "./device.ts";
import { checkLimits, numbersOf, SIDE } from "./gemm.ts";
import { compile } from "./pipeline.ts";

/**
 * The power A^(2^times) of an n × n matrix, its rows divided by their sums after every squaring; a row that does not
 * sum to more than 0 stays. `gemm`'s roundings each time, and those of a sum. Nothing is waited for in between.
 * Throws `RangeError` where the matrix is larger than the device takes.
 */
export type GpuPowers = (matrix: Float32Array, n: number, times: number) => Promise<Float32Array>;

/** Powers on a device: its pipelines are made once. */
export async function gpuPowers(gpu: Gpu): Promise<GpuPowers> {
  const { device } = gpu;
  const gemm = await compile(gpu, "gemm", gemmCode);
  const normalize = await compile(gpu, "normalize_rows", rowsCode);
  return async (matrix, n, times) => {
    const product = { m: n, n, k: n, transposed: "none", alpha: 1, beta: 0 } as const;
    checkLimits(device, product);
    if (times === 0 || n === 0) return matrix.slice();
    return await gpu.scoped("powers", () =>
      owning(async (own) => {
        const size = 4 * n * n;
        const [a, b] = [own(output(device, "A", size)), own(output(device, "B", size))];
        // A copy: what is shared between workers cannot be handed to a device.
        device.queue.writeBuffer(a, 0, matrix.slice());
        const numbers = own(upload(device, "product", numbersOf(product)));
        const columns = own(upload(device, "columns", Uint32Array.of(n)));
        const group = (pipeline: GPUComputePipeline, buffers: readonly GPUBuffer[]) =>
          device.createBindGroup({
            layout: pipeline.getBindGroupLayout(0),
            entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
          });
        const sides = [[a, b], [b, a]].map(([before, after]) => ({
          after: after!,
          squaring: group(gemm, [numbers, before!, before!, after!]),
          dividing: group(normalize, [columns, after!]),
        }));
        const encoder = device.createCommandEncoder();
        for (let time = 0; time < times; time++) {
          const { after, squaring, dividing } = sides[time % 2]!;
          encoder.clearBuffer(after); // which is not read, but multiplied by 0
          const pass = encoder.beginComputePass();
          pass.setPipeline(gemm);
          pass.setBindGroup(0, squaring);
          pass.dispatchWorkgroups(Math.ceil(n / SIDE), Math.ceil(n / SIDE));
          pass.setPipeline(normalize);
          pass.setBindGroup(0, dividing);
          pass.dispatchWorkgroups(n);
          pass.end();
        }
        const found = own(readable(device, "found", size));
        encoder.copyBufferToBuffer(times % 2 === 0 ? a : b, 0, found, 0, size);
        device.queue.submit([encoder.finish()]);
        return new Float32Array(await contents(found));
      }));
  };
}
