import type { Gpu } from "../compute/gpu/device.ts";
import { gpuRays, type GpuScene } from "../compute/gpu/raymarch.ts";
import { occupancyOf } from "../compute/wasm/occupancy.ts";
import type { RayImage, RayView, RayVolume } from "../compute/ray/ops.ts";
import type { Adapter } from "./gpu_job.ts";
import type { GpuTurns } from "./gpu_turns.ts";

/** What makes scenes on a device. */
interface Maker {
  readonly gpu: Gpu;
  make(volume: RayVolume): Promise<GpuScene>;
}

interface Held {
  readonly scene: GpuScene;
  readonly bytes: number;
}

/** Bytes of volumes that are kept on a device. */
const KEPT = 256 << 20;

/** The volumes that rays marched through lately, on a device. */
export class GpuScenes {
  #maker: Maker | null = null;
  /** Those used longest ago first. */
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  /** `limit` in bytes, of which the latest volume may take more. */
  constructor(private readonly turns: GpuTurns, private readonly limit = KEPT) {}

  /** Bytes of the volumes on the device. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The adapter that there is, or null. Throws what makes it of no use. */
  adapter(): Promise<Adapter | null> {
    return this.turns.ask(async (gpu) => {
      if (!gpu) {
        this.close();
        return null;
      }
      await this.#makerOn(gpu);
      return { name: gpu.name, software: gpu.software };
    });
  }

  /**
   * Draws a volume, which `key` names. Throws what `GpuTurns.take` throws, `RangeError` where the volume or the view
   * is out of bounds, and what the device finds wrong.
   */
  render(
    key: string,
    volume: RayVolume,
    view: RayView,
    cancelled?: () => void,
  ): Promise<RayImage> {
    return this.turns.take(async (gpu) => {
      const maker = await this.#makerOn(gpu);
      const held = this.#held.get(key) ??
        { scene: await maker.make(volume), bytes: volume.data.length };
      this.#keep(key, held);
      return await held.scene.render(view);
    }, cancelled);
  }

  /** Gives back all that is on the device. */
  close(): void {
    for (const key of this.#held.keys()) this.#free(key);
    this.#maker = null;
  }

  /** What was on another device is gone. */
  async #makerOn(gpu: Gpu): Promise<Maker> {
    if (this.#maker?.gpu === gpu) return this.#maker;
    this.close();
    return this.#maker = { gpu, make: await gpuRays(gpu, occupancyOf) };
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
