import { type Gpu, GpuLost } from "../compute/gpu/device.ts";

/**
 * One device, which is opened when first needed, for one piece of work at a time: calls wait for each other, as
 * what one of them works on must not leave meanwhile.
 */
export class GpuTurns {
  #gpu: Gpu | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** `open` answers null where there is no adapter. */
  constructor(private readonly open: () => Promise<Gpu | null>) {}

  /** Does `work` when its turn comes, with null where there is no adapter. */
  ask<T>(work: (gpu: Gpu | null) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => await work(await this.#open()));
  }

  /**
   * Does `work` when its turn comes; again, on a new device, where the one that there was is lost. Throws `GpuLost`
   * where that is lost too or there is none, what `work` throws, and what `cancelled` throws when the turn comes.
   */
  take<T>(work: (gpu: Gpu) => Promise<T>, cancelled: () => void = () => {}): Promise<T> {
    return this.#inTurn(async () => {
      cancelled();
      try {
        return await this.#work(work);
      } catch (error) {
        if (!(error instanceof GpuLost)) throw error;
      }
      this.close();
      return await this.#work(work);
    });
  }

  /** Gives up the device. */
  close(): void {
    this.#gpu?.destroy();
    this.#gpu = null;
  }

  async #work<T>(work: (gpu: Gpu) => Promise<T>): Promise<T> {
    const gpu = await this.#open();
    if (!gpu) throw new GpuLost("there is no WebGPU adapter any more");
    return await work(gpu);
  }

  async #open(): Promise<Gpu | null> {
    return this.#gpu ??= await this.open();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {}); // which is the caller's
    return done;
  }
}
