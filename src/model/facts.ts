import type { Metadata } from "../formats/format.ts";

/** What a file says of its architecture in so many words; null for what it does not. */
export interface Facts {
  readonly architecture: string | null;
  /** Repeated blocks. */
  readonly blocks: number | null;
  /** Attention heads of a block; the most where blocks differ. */
  readonly heads: number | null;
  /** Heads of keys and values, fewer than those of queries where they share them. */
  readonly kvHeads: number | null;
  /** Width of the residual stream. */
  readonly embedding: number | null;
  /** Width inside the MLPs. */
  readonly feedForward: number | null;
  /** Tokens that it was made to look at. */
  readonly context: number | null;
  readonly experts: number | null;
}

/** Reads GGUF's keys (ggml, docs/gguf.md), and those of Hugging Face's configurations. */
export function readFacts(metadata: Metadata): Facts {
  const architecture = text(metadata["general.architecture"]) ?? text(metadata["model_type"]);
  const one = (gguf: string, config: string) =>
    number(metadata[`${architecture}.${gguf}`]) ?? number(metadata[config]);
  return {
    architecture,
    blocks: one("block_count", "num_hidden_layers"),
    heads: one("attention.head_count", "num_attention_heads"),
    kvHeads: one("attention.head_count_kv", "num_key_value_heads"),
    embedding: one("embedding_length", "hidden_size"),
    feedForward: one("feed_forward_length", "intermediate_size"),
    context: one("context_length", "max_position_embeddings"),
    experts: one("expert_count", "num_local_experts"),
  };
}

const text = (value: Metadata[string] | undefined) => typeof value === "string" ? value : null;

/** A count, also where metadata is text only or a list with one for each block. */
function number(value: Metadata[string] | undefined): number | null {
  if (typeof value === "string") return /^\d{1,15}$/.test(value) ? Number(value) : null;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return null;
  const numbers = value.first.filter((item) => typeof item === "number");
  return numbers.length > 0 ? Math.max(...numbers) : null;
}
