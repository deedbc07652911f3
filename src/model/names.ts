import { anywhere, type Meaning, norms, type Scope, scopes, TAIL } from "./vocabulary.ts";

/** What is around a part. */
export interface Surroundings {
  readonly scope: Scope;
  /** Whether a part of that word stands beside it. */
  readonly beside: (word: string) => boolean;
  /** Whether repeated blocks lie beside or beneath the parts beside it. */
  readonly blocks: boolean;
  /** Whether it lies in a block with attention. */
  readonly transformer: boolean;
}

const norm = /norm|layrnorm|(^|_)(ln|bn|gn)(_|\d|$)/;
const attention =
  /^(.*_)?attn(_.*)?$|^(self|cross|enc_dec|encoder)?_?attention$|^(mha|w?qkv|query_key_value)$/;

/** Whether a word names a norm of any kind. */
export const isNorm = (word: string): boolean => norm.test(word);

/** Whether a word names attention, or a part that only attention has. */
export const isAttention = (word: string): boolean =>
  attention.test(word) || word === "q_proj" || word === "attn_q" || word === "c_attn";

/** No word that says anything is longer; patterns take the square of a long one's length. */
const LONGEST = 64;

/** A part as its words: "DenseReluDense" as "dense_relu_dense"; "" for one that says nothing. */
export const wordOf = (part: string): string =>
  part.length > LONGEST ? "" : part.replace(/([a-z])([A-Z][a-z])/g, "$1_$2").toLowerCase();

/** What a word says where it stands; undefined for none that is known. */
export function meaningOf(
  word: string,
  norm: boolean,
  around: Surroundings,
): Meaning | undefined {
  if (norm) return normOf(word, around);
  switch (around.scope) {
    case "trunk":
      return scopes.trunk.get(word) ?? scopes.trunk.get(unnumbered(word)) ??
        stemOf(word, around) ?? attentionOf(unnumbered(word));
    case "block":
      return blockPart(word, around);
    case "attention":
      return anywhere.get(word) ?? scopes.attention.get(word);
    case "cross":
      return crossed(anywhere.get(word) ?? scopes.attention.get(word));
    case "mlp":
      return mlpPart(word, around);
    default:
      return scopes[around.scope].get(word);
  }
}

const unnumbered = (word: string) => word.replace(/_?\d+$/, "");

/** Attention outside of blocks has its parts too, but no place. */
function attentionOf(word: string): Meaning | undefined {
  const { scope } = scopes.block.get(word) ?? {};
  if (scope === "attention" || scope === "cross") return { role: null, scope, place: NaN };
}

/** What comes before and after the blocks of convolutional networks. */
function stemOf(word: string, { blocks }: Surroundings): Meaning | undefined {
  if (!blocks) return undefined;
  const stem = word.match(/^(?:conv_?(\d{1,2})|conv_stem|stem|conv_in)$/);
  if (stem) return { role: null, place: 5 + Number(stem[1] ?? 0) / 100 };
  if (/^(fc\d*|conv_out|linear)$/.test(word)) return { role: "head", scope: "head", place: 80 };
}

function normOf(word: string, around: Surroundings): Meaning {
  const { scope, blocks, beside, transformer } = around;
  switch (scope) {
    case "embedding":
      return { role: "norm.embedding", place: 15 };
    case "head":
      return { role: "norm.head", place: 84 };
    case "attention":
    case "cross":
      return anywhere.get(word) ?? { role: "norm.post-attention", place: 29 };
    case "trunk": {
      const known = scopes.trunk.get(word);
      if (known) return known;
      const number = word.match(/\d{1,2}$/)?.[0];
      if (blocks && number !== undefined && beside(`conv${number}`)) {
        return { role: null, place: 5.005 + Number(number) / 100 };
      }
      // Keras numbers all norms of a model, of which the last is one.
      const stem = word.replace(/_\d{1,9}$/, "");
      const isOne = blocks && !beside(stem === word ? `${stem}_1` : stem);
      return isOne ? { role: "norm.final", place: TAIL } : { role: null, place: NaN };
    }
    case "mlp":
      return { role: "norm.post-mlp", place: TAIL };
    case "block":
      return transformer ? blockNorm(word, around) : convolutionNorm(word, beside);
  }
}

function blockNorm(word: string, { beside }: Surroundings): Meaning {
  const known = anywhere.get(word) ?? norms.get(word);
  if (word === "norm2" && beside("norm3")) return norms.get("cross_attn_norm")!;
  if (word === "post_attention_layernorm" && beside("pre_feedforward_layernorm")) {
    return norms.get("post_attention_norm")!;
  }
  if (known) return known;
  // One norm alone belongs to what is beside it.
  for (const [container, { scope }] of scopes.block) {
    if (!scope || !beside(container)) continue;
    return { role: scope === "cross" ? "norm.cross-attention" : `norm.${scope}`, place: 5 };
  }
  return { role: null, place: 5 };
}

/** A batch norm follows its convolution; what calls itself a norm comes before it. */
function convolutionNorm(word: string, beside: (word: string) => boolean): Meaning {
  const number = word.match(/\d*$/)![0];
  if (!beside(`conv${number}`)) return { role: null, place: NaN };
  return { role: null, place: Number(number) + (word.startsWith("bn") ? 0.5 : -0.5) };
}

function blockPart(word: string, { beside, transformer }: Surroundings): Meaning | undefined {
  const convolution = word.match(/^conv(\d*)$/);
  if (convolution) return { role: null, place: Number(convolution[1]) };
  const known = scopes.block.get(word);
  if (known && (transformer || known.place >= 90 || known.scope === "mlp" || !known.role)) {
    return known;
  }
  if (!transformer) return undefined;
  // Blocks that name their four matrices without grouping them.
  if (word === "fc") return { role: "mlp.up", place: 53 };
  if (word === "out" && beside("proj")) return { role: "mlp.down", place: 56 };
  return anywhere.get(word) ?? scopes.attention.get(word);
}

function mlpPart(word: string, { beside }: Surroundings): Meaning | undefined {
  // Llama's three matrices: down(silu(gate x) · up x) with w1 the gate, w3 up, w2 down.
  if (word === "w1" && beside("w3")) return anywhere.get("gate_proj");
  if (word === "gate" && beside("up")) return anywhere.get("gate_proj");
  if (word === "up" || word === "down") return anywhere.get(`${word}_proj`);
  return anywhere.get(word) ?? scopes.mlp.get(word);
}

const crossed = (meaning: Meaning | undefined): Meaning | undefined =>
  meaning?.role
    ? { ...meaning, role: meaning.role.replace(/^attention/, "cross-attention") }
    : meaning;
