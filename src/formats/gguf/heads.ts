import { isBlocked, type TensorInfo } from "../format.ts";
import type { Pairs } from "./metadata.ts";

/**
 * Architectures for which llama.cpp's converter (`LlamaModel.permute` and its likes in
 * convert_hf_to_gguf.py) reorders the rows of queries and keys: rotary embedding turns row j of a
 * head together with row j + half of it, and the runtime wants each pair side by side. Others are
 * stored as they were trained, or were trained so.
 */
const interleaving: ReadonlySet<unknown> = new Set([
  "arcee",
  "arctic",
  "baichuan",
  "bailingmoe",
  "chameleon",
  "deci",
  "deepseek",
  "eagle3",
  "granite",
  "granitehybrid",
  "granitemoe",
  "internlm2",
  "llada",
  "llama",
  "llama-embed",
  "minicpm",
  "mistral3",
  "olmo",
  "smollm3",
  "xverse",
]);
/** What such files may call it, where they name it. */
const LAYOUT = "Meta AI original pth";

const queryOrKey = /^blk\.(\d+)\.attn_([qk])\.(?:weight|bias)$/;
const NOTE = "each head's rows are shown as its two halves, one after the other, as " +
  "Hugging Face's models have them; the file has the halves interleaved";

/** The tensors, those of queries and keys in the order of the rows before they were converted. */
export function uninterleave(tensors: readonly TensorInfo[], pairs: Pairs): readonly TensorInfo[] {
  const architecture = pairs.values.get("general.architecture");
  const layout = pairs.values.get(`${architecture}.tensor_data_layout`);
  const is = layout === undefined ? interleaving.has(architecture) : layout === LAYOUT;
  if (!is) return tensors;
  const heads = headCounts(`${architecture}.attention.head_count`, pairs);
  const keyHeads = headCounts(`${architecture}.attention.head_count_kv`, pairs);
  return tensors.map((tensor) => {
    const [, block, kind] = queryOrKey.exec(tensor.name) ?? [];
    if (block === undefined) return tensor;
    const queries = heads(Number(block));
    const count = kind === "q" ? queries : keyHeads(Number(block)) ?? queries;
    return count ? whole(tensor, count) : tensor;
  });
}

/** One number for all blocks, or one for each. */
function headCounts(key: string, { values, lists }: Pairs): (block: number) => number | undefined {
  const value = values.get(key);
  const list = lists.get(key);
  return (block) => typeof value === "number" ? value : list?.[block];
}

/** Row (head, half, j) of the original lies at (head, j, half). */
function whole(tensor: TensorInfo, heads: number): TensorInfo {
  const [rows = 0, ...inner] = tensor.shape;
  const half = rows / heads / 2;
  if (!Number.isInteger(heads) || !Number.isInteger(half) || half < 2) return tensor;
  if (isBlocked(tensor.dtype) && inner.length === 0) return tensor; // its blocks hold several rows
  const step = tensor.strides[0]!;
  const sides = [
    { size: heads, stride: 2 * half * step },
    { size: 2, stride: step },
    { size: half, stride: 2 * step },
  ];
  return { ...tensor, composed: { 0: sides }, note: NOTE };
}
