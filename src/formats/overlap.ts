import type { TensorInfo } from "./format.ts";

/**
 * The first tensor in its source that begins before the one in front of it ends, and that one;
 * undefined where no two share bytes. All lie in one source.
 */
export function findOverlap(
  tensors: readonly TensorInfo[],
): { readonly tensor: TensorInfo; readonly before: TensorInfo } | undefined {
  const placed = tensors.filter(({ bytes }) => bytes > 0).sort((a, b) => a.offset - b.offset);
  for (let i = 1; i < placed.length; i++) {
    const tensor = placed[i]!, before = placed[i - 1]!;
    if (tensor.offset < before.offset + before.bytes) return { tensor, before };
  }
  return undefined;
}
