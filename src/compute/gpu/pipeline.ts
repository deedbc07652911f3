import type { Gpu } from "./device.ts";

/** A compute pipeline of the entry point `name` of a shader. Throws with the line where it is wrong. */
export async function compile(gpu: Gpu, name: string, code: string): Promise<GPUComputePipeline> {
  const { device } = gpu;
  return await gpu.scoped(`${name}.wgsl`, async () => {
    const module = device.createShaderModule({ label: name, code });
    const { messages } = await module.getCompilationInfo();
    for (const { type, message, lineNum, linePos } of messages) {
      if (type === "error") throw new Error(`${name}.wgsl:${lineNum}:${linePos}: ${message}`);
    }
    const compute = { module, entryPoint: name };
    return await device.createComputePipelineAsync({ label: name, layout: "auto", compute });
  });
}
