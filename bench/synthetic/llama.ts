/** What a decoder of the LLaMA kind is made of. */
export interface Size {
  /** Channels of the residual stream. */
  readonly hidden: number;
  /** Neurons of each block's MLP. */
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly blocks: number;
  /** Rows of q_proj, k_proj and v_proj that are one attention head. */
  readonly head: number;
}

/** By their parameters: at least as many as the name says. The smallest is for tests. */
export const sizes = {
  "1e5": { hidden: 64, intermediate: 176, vocabulary: 256, blocks: 2, head: 16 },
  "1e8": { hidden: 768, intermediate: 2048, vocabulary: 32000, blocks: 8, head: 128 },
  "1e9": { hidden: 2048, intermediate: 5504, vocabulary: 32000, blocks: 18, head: 128 },
  "7e9": { hidden: 4096, intermediate: 11008, vocabulary: 32000, blocks: 34, head: 128 },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof sizes;

export const isSize = (name: string): name is SizeName => Object.hasOwn(sizes, name);

/** A tensor that is to be made; `kind` is the part of its name that says what it does. */
export interface Plan {
  readonly name: string;
  readonly kind: Kind;
  /** Null outside the blocks. */
  readonly block: number | null;
  /** [channels] of a norm, [output, input] of the others. */
  readonly shape: readonly [number] | readonly [number, number];
}

export type Matrix =
  | ("embed_tokens" | "lm_head")
  | ("q_proj" | "k_proj" | "v_proj" | "o_proj")
  | ("gate_proj" | "up_proj" | "down_proj");
export type Kind = Matrix | "norm";

/** All tensors in the order in which they compute, named as on hubs. */
export function tensorsOf({ hidden, intermediate, vocabulary, blocks }: Size): Plan[] {
  const outside = (name: string, kind: Kind, ...shape: [number] | [number, number]): Plan => {
    return { name: `${name}.weight`, kind, block: null, shape };
  };
  return [
    outside("model.embed_tokens", "embed_tokens", vocabulary, hidden),
    ...Array.from({ length: blocks }, (_, block): Plan[] => {
      const norm = (name: string): Plan => {
        return {
          name: `model.layers.${block}.${name}.weight`,
          kind: "norm",
          block,
          shape: [hidden],
        };
      };
      const matrix = (part: string, kind: Matrix, rows: number, columns: number): Plan => {
        const name = `model.layers.${block}.${part}.${kind}.weight`;
        return { name, kind, block, shape: [rows, columns] };
      };
      return [
        norm("input_layernorm"),
        matrix("self_attn", "q_proj", hidden, hidden),
        matrix("self_attn", "k_proj", hidden, hidden),
        matrix("self_attn", "v_proj", hidden, hidden),
        matrix("self_attn", "o_proj", hidden, hidden),
        norm("post_attention_layernorm"),
        matrix("mlp", "gate_proj", intermediate, hidden),
        matrix("mlp", "up_proj", intermediate, hidden),
        matrix("mlp", "down_proj", hidden, intermediate),
      ];
    }).flat(),
    outside("model.norm", "norm", hidden),
    outside("lm_head", "lm_head", vocabulary, hidden),
  ];
}

export const elementsOf = ({ shape }: Plan): number => shape.reduce<number>((a, b) => a * b, 1);

/** One file of the model. */
export interface Shard {
  readonly name: string;
  /** Length and JSON, as the file begins. */
  readonly header: Uint8Array;
  readonly tensors: readonly { readonly plan: Plan; readonly offset: number }[];
  /** Bytes of the whole file. */
  readonly size: number;
}

/** Bytes of a shard at most, as hubs have them. */
const SHARD = 5e9;

/** At least two files of bfloat16, each with `metadata` in its header. */
export function shardsOf(plans: readonly Plan[], metadata: Record<string, string>): Shard[] {
  const total = 2 * plans.reduce((sum, plan) => sum + elementsOf(plan), 0);
  const count = Math.max(2, Math.ceil(total / SHARD));
  const groups: Plan[][] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const plan of plans) {
    // By where it would end, which keeps each group within its share.
    before += 2 * elementsOf(plan);
    groups[Math.ceil(before / (total / count)) - 1]!.push(plan);
  }
  const number = (i: number) => String(i).padStart(5, "0");
  return groups.map((group, i) => {
    const name = `model-${number(i + 1)}-of-${number(count)}.safetensors`;
    return shard(name, group, metadata);
  });
}

function shard(name: string, plans: readonly Plan[], metadata: Record<string, string>): Shard {
  let end = 0;
  const entries = plans.map((plan) => {
    const start = end;
    end += 2 * elementsOf(plan);
    return { plan, entry: { dtype: "BF16", shape: plan.shape, data_offsets: [start, end] } };
  });
  const json = JSON.stringify({
    __metadata__: { format: "pt", ...metadata },
    ...Object.fromEntries(entries.map(({ plan, entry }) => [plan.name, entry])),
  });
  // Data at a multiple of 8, as the format's own writer has it.
  const text = new TextEncoder().encode(json + " ".repeat(-json.length & 7));
  const header = new Uint8Array(8 + text.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(text.length), true);
  header.set(text, 8);
  const tensors = entries.map(({ plan, entry }) => {
    return { plan, offset: header.length + entry.data_offsets[0]! };
  });
  return { name, header, tensors, size: header.length + end };
}

/** The index that says which file holds which tensor. */
export function indexOf(shards: readonly Shard[]): string {
  const pairs = shards.flatMap(({ name, tensors }) => tensors.map(({ plan }) => [plan.name, name]));
  const total = shards.reduce((sum, { size, header }) => sum + size - header.length, 0);
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(pairs) };
  return JSON.stringify(index, null, 2) + "\n";
}
