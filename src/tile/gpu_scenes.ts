import { type Gpu, GpuLost } from "../compute/gpu/device.ts";
import { gpuRays, type GpuScene } from "../compute/gpu/raymarch.ts";
import { occupancyOf } from "../compute/wasm/occupancy.ts";
import type { RayImage, RayView, RayVolume } from "../compute/ray/ops.ts";
import type { Adapter } from "./gpu_job.ts";

interface Opened extends Adapter {
  readonly gpu: Gpu;
  make(volume: RayVolume): Promise<GpuScene>;
}

interface Held {
  readonly scene: GpuScene;
  readonly bytes: number;
}

/** Bytes of volumes that are kept on a device. */
const KEPT = 256 << 20;

/**
 * The volumes that rays marched through lately, on one device, which is opened when first needed.
 * Calls wait for each other: a volume that is drawn must not leave meanwhile.
 */
export class GpuScenes {
  #opened: Opened | null = null;
  /** Those used longest ago first. */
  readonly #held = new Map<string, Held>();
  #bytes = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `open` answers null where there is no adapter; `limit` in bytes, of which the latest volume may take more. */
  constructor(
    private readonly open: () => Promise<Gpu | null>,
    private readonly limit = KEPT,
  ) {}

  /** Bytes of the volumes on the device. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The adapter that there is, or null. */
  adapter(): Promise<Adapter | null> {
    return this.#inTurn(async () => {
      const opened = await this.#open();
      return opened && { name: opened.name, software: opened.software };
    });
  }

  /**
   * Draws a volume, which `key` names; on a new device where the one that there was is lost. Throws
   * `GpuLost` where that is lost too or there is none, `RangeError` where the volume or the view is
   * out of bounds, what the device finds wrong, and what `cancelled` throws when its turn comes.
   */
  render(
    key: string,
    volume: RayVolume,
    view: RayView,
    cancelled: () => void = () => {},
  ): Promise<RayImage> {
    return this.#inTurn(async () => {
      cancelled();
      try {
        return await this.#render(key, volume, view);
      } catch (error) {
        if (!(error instanceof GpuLost)) throw error;
      }
      this.close();
      return await this.#render(key, volume, view);
    });
  }

  /** Gives up the device, and all that is on it. */
  close(): void {
    for (const key of this.#held.keys()) this.#free(key);
    this.#opened?.gpu.destroy();
    this.#opened = null;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {}); // which is the caller's
    return done;
  }

  async #open(): Promise<Opened | null> {
    if (this.#opened) return this.#opened;
    const gpu = await this.open();
    if (!gpu) return null;
    const { name, software } = gpu;
    try {
      return this.#opened = { gpu, name, software, make: await gpuRays(gpu, occupancyOf) };
    } catch (error) {
      gpu.destroy();
      throw error;
    }
  }

  async #render(key: string, volume: RayVolume, view: RayView): Promise<RayImage> {
    const opened = await this.#open();
    if (!opened) throw new GpuLost("there is no WebGPU adapter any more");
    const held = this.#held.get(key) ??
      { scene: await opened.make(volume), bytes: volume.data.length };
    this.#keep(key, held);
    return await held.scene.render(view);
  }

  /** Marks it as used last, and lets go of those used longest ago that no longer fit. */
  #keep(key: string, held: Held): void {
    if (this.#held.delete(key)) this.#bytes -= held.bytes;
    this.#held.set(key, held);
    this.#bytes += held.bytes;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.limit || oldest === key) break;
      this.#free(oldest);
    }
  }

  #free(key: string): void {
    const held = this.#held.get(key);
    this.#held.delete(key);
    this.#bytes -= held?.bytes ?? 0;
    held?.scene.free();
  }
}
