import code from "../../../wgsl/raymarch.wgsl" with { type: "text" };
import { checkView, checkVolume } from "../ray/bounds.ts";
import { raysOf, type Viewport } from "../ray/camera.ts";
import { BISECTIONS, levelOf, type Occupancy, rayModes, type RayScene } from "../ray/ops.ts";
import type { RayImage, RayView, RayVolume, Triple } from "../ray/ops.ts";
import { hueTable, opaqueBelow, samplesOf } from "../ray/transfer.ts";
import { contents, output, type Own, owning, readable, upload } from "./buffers.ts";
import type { Gpu } from "./device.ts";
import { compile } from "./pipeline.ts";

/** Bytes uploaded at a time: the driver holds a copy of them. */
const PIECE = 2 ** 24;

/** Pixels a side of the shader's workgroups. */
const GROUP = 8;

/** A volume on a GPU. Its errors are `GpuLost`, after which the scene is of no use, or what was wrong. */
export interface GpuScene extends Omit<RayScene, "render"> {
  render(view: RayView): Promise<RayImage>;
  /**
   * Hands a picture of one pixel at least on to `paint`. Its commands are submitted before this
   * returns; it resolves once they are done.
   */
  present(view: RayView, paint: Paint): Promise<void>;
}

/** Records what becomes of a picture: rows of RGBA8, un-premultiplied. */
export type Paint = (
  encoder: GPUCommandEncoder,
  rgba: GPUBuffer,
  viewport: Viewport,
  own: Own,
) => void;

/** What tells what is in each block of a volume, by whatever the host computes with. */
export type Survey = (volume: RayVolume) => Occupancy | Promise<Occupancy>;

/** What makes scenes on a device: its pipeline is made once. */
export async function gpuRays(
  gpu: Gpu,
  survey: Survey,
): Promise<(volume: RayVolume) => Promise<GpuScene>> {
  const pipeline = await compile(gpu, "raymarch", code);
  return async (volume) => {
    checkVolume(volume);
    checkLimits(gpu.device, volume);
    return await makeScene(gpu, pipeline, volume, await survey(volume));
  };
}

async function makeScene(
  gpu: Gpu,
  pipeline: GPUComputePipeline,
  volume: RayVolume,
  occupancy: Occupancy,
): Promise<GpuScene> {
  const { device } = gpu;
  const owned: { destroy(): void }[] = [];
  const free = () => owned.forEach((resource) => resource.destroy());
  const work = async () => {
    const texture = device.createTexture({
      label: "volume",
      size: [...volume.size],
      dimension: "3d",
      format: volume.channels === 1 ? "r8uint" : "rgba8uint",
      usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST,
    });
    owned.push(texture);
    write(device, texture, volume);
    const blocks = upload(device, "occupancy", packed(occupancy));
    owned.push(blocks);
    await device.queue.onSubmittedWorkDone();
    return { device, pipeline, volume, blocks, all: texture.createView() };
  };
  const made = await gpu.scoped("a volume", work).catch((error) => {
    free(); // what it took until it failed
    throw error;
  });
  return {
    occupancy,
    async render(view) {
      checkView(view);
      return await gpu.scoped("rays", () => render(made, view));
    },
    async present(view, paint) {
      checkView(view);
      await gpu.scoped("rays", () => present(made, view, paint));
    },
    free,
  };
}

/** Throws `RangeError` where a device has no room for a volume. */
function checkLimits({ limits }: GPUDevice, { size, channels }: RayVolume): void {
  const side = Math.max(...size), most = limits.maxTextureDimension3D;
  if (side > most) {
    throw new RangeError(`raymarch: this GPU takes ${most} voxels a side, got ${size.join(" × ")}`);
  }
  const slice = size[0] * size[1] * channels;
  if (slice > limits.maxBufferSize) {
    throw new RangeError(
      `raymarch: this GPU takes ${limits.maxBufferSize} bytes at once, a slice has ${slice}`,
    );
  }
}

/** Uploads some slices at a time. */
function write(device: GPUDevice, texture: GPUTexture, { size, channels, data }: RayVolume): void {
  const row = size[0] * channels, slice = row * size[1];
  const step = Math.max(1, Math.floor(PIECE / slice));
  for (let z = 0; z < size[2]; z += step) {
    const depth = Math.min(step, size[2] - z);
    // A copy: what is shared between workers cannot be handed to a device.
    const piece = data.slice(z * slice, (z + depth) * slice);
    const extent = [size[0], size[1], depth];
    const layout = { bytesPerRow: row, rowsPerImage: size[1] };
    device.queue.writeTexture({ texture, origin: [0, 0, z] }, piece, layout, extent);
  }
}

const packed = ({ min, max, present }: Occupancy) =>
  Uint32Array.from(min, (low, i) => low | max[i]! << 8 | present[i]! << 16);

interface Marching {
  readonly device: GPUDevice;
  readonly pipeline: GPUComputePipeline;
  readonly volume: RayVolume;
  readonly all: GPUTextureView;
  readonly blocks: GPUBuffer;
}

async function render(marching: Marching, view: RayView): Promise<RayImage> {
  const { device } = marching;
  const { width, height } = view.viewport;
  const size = width * height * 4;
  if (size === 0) return { width, height, rgba: new Uint8Array(0), values: new Float32Array(0) };
  return await owning(async (own) => {
    const found = own(readable(device, "found", 2 * size));
    const encoder = device.createCommandEncoder();
    const { rgba, values } = march(marching, view, encoder, own);
    encoder.copyBufferToBuffer(rgba, 0, found, 0, size);
    encoder.copyBufferToBuffer(values, 0, found, size, size);
    device.queue.submit([encoder.finish()]);
    const bytes = await contents(found);
    return {
      ...{ width, height, rgba: new Uint8Array(bytes, 0, size) },
      values: new Float32Array(bytes, size),
    };
  });
}

function present(marching: Marching, view: RayView, paint: Paint): Promise<void> {
  const { device } = marching;
  return owning(async (own) => {
    const encoder = device.createCommandEncoder();
    paint(encoder, march(marching, view, encoder, own).rgba, view.viewport, own);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  });
}

/** Records the march of all rays of a view, of which there is one at least, and where it will write. */
function march(
  { device, pipeline, volume, all, blocks }: Marching,
  view: RayView,
  encoder: GPUCommandEncoder,
  own: Own,
): { rgba: GPUBuffer; values: GPUBuffer } {
  const { width, height } = view.viewport;
  const size = width * height * 4;
  const tables = new Float32Array(3 * 1024);
  tables.set(view.transfer);
  tables.set(samplesOf(view.transfer, view.step ?? 1), 1024);
  tables.set(hueTable(), 2048);
  const below = opaqueBelow(view.transfer) as Uint32Array<ArrayBuffer>;
  const rgba = own(output(device, "rgba", size)), values = own(output(device, "values", size));
  const bound = [
    { buffer: own(upload(device, "view", numbersOf(volume, view))) },
    all,
    { buffer: blocks },
    { buffer: own(upload(device, "tables", tables)) },
    { buffer: own(upload(device, "opaque", below)) },
    { buffer: rgba },
    { buffer: values },
  ];
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: bound.map((resource, binding) => ({ binding, resource })),
  });
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(width / GROUP), Math.ceil(height / GROUP));
  pass.end();
  return { rgba, values };
}

/** In the order of the shader's `View`. */
function numbersOf(volume: RayVolume, view: RayView): Uint8Array<ArrayBuffer> {
  const rays = raysOf(volume, view);
  const { size, x, y, width, height } = view.viewport;
  const bytes = new ArrayBuffer(144);
  const [floats, words] = [new Float32Array(bytes), new Int32Array(bytes)];
  const three: Triple[] = [
    ...[rays.origin, rays.forward, rays.across, rays.down, rays.spacing, rays.low, rays.high],
  ];
  for (const [i, numbers] of three.entries()) floats.set(numbers, 4 * i);
  floats[3] = view.step ?? 1;
  floats[7] = levelOf(view);
  words[11] = rays.perspective ? 1 : 0;
  words[15] = rayModes.indexOf(view.mode);
  words[19] = view.shading ? 1 : 0;
  words[23] = volume.channels;
  words[27] = BISECTIONS;
  words.set([...volume.size, size, x, y, width, height], 28);
  return new Uint8Array(bytes);
}
