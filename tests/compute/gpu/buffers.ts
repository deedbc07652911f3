import { type Gpu, openGpu } from "../../../src/compute/gpu/device.ts";

/** Counts a device's buffers, until restored. */
export function countBuffers(device: GPUDevice) {
  const create = device.createBuffer.bind(device);
  const counted = { made: 0, live: 0, restore: () => void (device.createBuffer = create) };
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor), destroy = buffer.destroy.bind(buffer);
    counted.made++;
    counted.live++;
    buffer.destroy = () => {
      counted.live--;
      destroy();
    };
    return buffer;
  };
  return counted;
}

/** Opens devices, and counts them, their buffers and the most pieces of work that were at them at once. */
export function countWork() {
  const counted = { opened: 0, most: 0, buffers: { live: 0 } };
  let inside = 0;
  const open = async (): Promise<Gpu> => {
    const gpu = (await openGpu())!;
    counted.opened++;
    counted.buffers = countBuffers(gpu.device);
    const scoped: Gpu["scoped"] = async (what, work) => {
      counted.most = Math.max(counted.most, ++inside);
      try {
        return await gpu.scoped(what, work);
      } finally {
        inside--;
      }
    };
    return { ...gpu, scoped };
  };
  return { counted, open };
}
