import type { Gpu } from "./device.ts";

/**
 * A compute pipeline of a shader, whose entry point has its name unless told otherwise. Throws with the line where
 * it is wrong.
 */
export async function compile(
  gpu: Gpu,
  name: string,
  code: string,
  entryPoint = name,
): Promise<GPUComputePipeline> {
  const { device } = gpu;
  return await gpu.scoped(`${name}.wgsl`, async () => {
    const module = device.createShaderModule({ label: name, code });
    const { messages } = await module.getCompilationInfo();
    for (const { type, message, lineNum, linePos } of messages) {
      if (type === "error") throw new Error(`${name}.wgsl:${lineNum}:${linePos}: ${message}`);
    }
    const compute = { module, entryPoint };
    return await device.createComputePipelineAsync({ label: entryPoint, layout: "auto", compute });
  });
}
