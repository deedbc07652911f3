/** The device was lost, or given up: what lives on it is gone, a new one may be asked for. */
export class GpuLost extends Error {
  override readonly name = "GpuLost";
}

/** A GPU device and what is known of it. Nothing of it is shared: whoever opens it destroys it. */
export interface Gpu {
  readonly device: GPUDevice;
  /** As its driver calls it. */
  readonly name: string;
  /** Whether it is a CPU that plays a GPU. */
  readonly software: boolean;
  /** Throws `GpuLost` once the device is. */
  check(): void;
  /**
   * Runs `work`; what the device finds wrong with its commands, or has no memory for, is thrown as an
   * error that says `what` was done. Rejects with `GpuLost` where the device is lost meanwhile.
   */
  scoped<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Gives the device up. */
  destroy(): void;
}

/** A device of the adapter that there is, or null where there is none. */
export async function openGpu(): Promise<Gpu | null> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return null;
  const { maxBufferSize, maxStorageBufferBindingSize, maxTextureDimension3D } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxBufferSize: Math.min(maxBufferSize, 2 ** 30),
      maxStorageBufferBindingSize: Math.min(maxStorageBufferBindingSize, 2 ** 30),
      maxTextureDimension3D: Math.min(maxTextureDimension3D, 2048),
    },
  });
  const { description, vendor, architecture, isFallbackAdapter } = adapter.info;
  const name = description || [vendor, architecture].filter(Boolean).join(" ") || "unnamed";
  const software = isFallbackAdapter || /llvmpipe|swiftshader|lavapipe|software/i.test(name);
  return gpuOf(device, name, software);
}

/** What `Gpu` says, of a device. */
export function gpuOf(device: GPUDevice, name: string, software: boolean): Gpu {
  let reason: GpuLost | undefined;
  // Not one promise that all wait for: it would hold what each of them ever came to.
  const waiting = new Set<(reason: GpuLost) => void>();
  const lose = (why: string) => {
    reason ??= new GpuLost(`the device ${name} is lost: ${why}`);
    for (const reject of waiting) reject(reason);
  };
  device.lost.then(({ message, reason }) => lose(message || reason || "unknown"));
  const check = () => {
    if (reason) throw reason;
  };
  return {
    ...{ device, name, software, check },
    async scoped(what, work) {
      check();
      device.pushErrorScope("out-of-memory");
      device.pushErrorScope("validation");
      const outcome = Promise.try(work).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      // Scopes are a stack: they are popped where they were pushed, before anybody else can push.
      const errors = [device.popErrorScope(), device.popErrorScope()];
      const { promise: lost, reject } = Promise.withResolvers<never>();
      waiting.add(reject);
      const all = Promise.all([outcome, ...errors]);
      const [done, ...found] = await Promise.race([all, lost]).finally(() =>
        waiting.delete(reject)
      );
      // What a lost device refuses is known before that it is lost.
      if ("error" in done || found.some(Boolean)) await new Promise((next) => setTimeout(next));
      check();
      for (const error of found) if (error) throw new Error(`${what} on ${name}: ${error.message}`);
      if ("error" in done) throw done.error;
      return done.value;
    },
    destroy() {
      device.destroy();
      lose("it was given up");
    },
  };
}
