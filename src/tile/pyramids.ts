import type { LayerEntry } from "./layer_entry.ts";

/** The entries whose pyramids are held, the one used last at the end. */
export class Pyramids {
  readonly #held = new Map<string, LayerEntry>();

  /** At most `limit` bytes of them. */
  constructor(private readonly limit: number) {}

  /**
   * Marks an entry's pyramid as used last, and lets go of those used longest ago that no longer fit;
   * of one that is not `known` any more, nothing is kept after this.
   */
  hold(entry: LayerEntry, known: boolean): void {
    this.#held.delete(entry.id);
    if (known) this.#held.set(entry.id, entry);
    let bytes = 0;
    for (const { pyramid } of this.#held.values()) bytes += pyramid?.bytes ?? 0;
    for (const [id, other] of this.#held) {
      if (bytes <= this.limit || other === entry) break;
      bytes -= other.pyramid?.bytes ?? 0;
      other.pyramid = null;
      this.#held.delete(id);
    }
  }

  forget(id: string): void {
    this.#held.delete(id);
  }
}
