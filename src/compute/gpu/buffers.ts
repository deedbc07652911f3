/** A buffer that shaders read, with an array's contents. */
export function upload(
  device: GPUDevice,
  label: string,
  data: ArrayBufferView<ArrayBuffer>,
): GPUBuffer {
  const size = Math.ceil(data.byteLength / 4) * 4;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ label, size, usage });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** A buffer that a shader writes to, and the host before it. */
export function output(device: GPUDevice, label: string, size: number): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  return device.createBuffer({ label, size, usage });
}

/** A buffer that the host can read once commands have copied to it. */
export function readable(device: GPUDevice, label: string, size: number): GPUBuffer {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  return device.createBuffer({ label, size, usage });
}

/** What a readable buffer has, once the device is done with what was submitted. */
export async function contents(buffer: GPUBuffer): Promise<ArrayBuffer> {
  await buffer.mapAsync(GPUMapMode.READ);
  const bytes = buffer.getMappedRange().slice(0);
  buffer.unmap();
  return bytes;
}

/** Takes over what is to be destroyed, and answers it. */
export type Own = <R extends { destroy(): void }>(resource: R) => R;

/** Runs `work`, then destroys what was handed to `own` in it. */
export async function owning<T>(work: (own: Own) => Promise<T>): Promise<T> {
  const owned: { destroy(): void }[] = [];
  try {
    return await work((resource) => {
      owned.push(resource);
      return resource;
    });
  } finally {
    for (const resource of owned) resource.destroy();
  }
}
