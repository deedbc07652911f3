import { KEPT } from "./assembled.ts";
import { elementCount } from "./shape.ts";
import type { SourceRef } from "./source.ts";

/** Bytes of memory that an opened source may keep: what was decoded, whole or in pieces. */
export function keptBytes(ref: SourceRef): number {
  switch (ref.kind) {
    case "inflated":
    case "decoded":
      return ref.size + keptBytes(ref.from);
    case "assembled": {
      const homes = new Set(
        ref.pieces.map(({ source }) => source.kind === "decoded" ? source.from : source),
      );
      const whole = elementCount(ref.shape) * ref.itemBytes;
      return homes.values().reduce((bytes, home) => bytes + keptBytes(home), Math.min(whole, KEPT));
    }
    default:
      return 0;
  }
}
