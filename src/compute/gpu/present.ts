import code from "../../../wgsl/present.wgsl" with { type: "text" };
import { upload } from "./buffers.ts";
import type { Gpu } from "./device.ts";
import type { Paint } from "./raymarch.ts";

/** What paints pictures onto textures of a format and of their size, colours times opacity. */
export async function painter(
  gpu: Gpu,
  format: GPUTextureFormat,
): Promise<(texture: GPUTexture) => Paint> {
  const { device } = gpu;
  const pipeline = await gpu.scoped("present.wgsl", () => {
    const module = device.createShaderModule({ label: "present", code });
    return device.createRenderPipelineAsync({
      ...{ label: "present", layout: "auto", vertex: { module, entryPoint: "corner" } },
      fragment: { module, entryPoint: "pixel", targets: [{ format }] },
    });
  });
  return (texture) => (encoder, rgba, { width }, own) => {
    const pixels = own(upload(device, "width", Uint32Array.of(width)));
    const bound = [rgba, pixels].map((buffer, binding) => ({ binding, resource: { buffer } }));
    const layout = pipeline.getBindGroupLayout(0);
    const view = texture.createView();
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view, loadOp: "clear", storeOp: "store" }],
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries: bound }));
    pass.draw(3);
    pass.end();
  };
}
