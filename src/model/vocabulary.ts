// What parts of names say. People who train models use a small common vocabulary: llama, GPT-2, BERT,
// T5, Whisper, CLIP and ViT as Hugging Face, timm and torchvision name them, and GGUF's own names.

/** Where a part stands: "dense" is something else in attention than after it. */
export type Scope = "trunk" | "embedding" | "block" | "attention" | "cross" | "mlp" | "head";

/** What a part of a name says of the layers below it. */
export interface Meaning {
  /** "attention.query", "mlp.up", "norm.final"; null where it only groups. */
  readonly role: string | null;
  /** Where its own parts stand; as before where not given. */
  readonly scope?: Scope;
  /** Its place among its siblings, in the order in which they compute. */
  readonly place: number;
}

type Row = readonly [role: string | null, place: number, words: string, scope?: Scope];

const table = (...rows: readonly Row[]): ReadonlyMap<string, Meaning> =>
  new Map(
    rows.flatMap(([role, place, words, scope]) =>
      words.split(" ").map((word): [string, Meaning] => [
        word,
        { role, place, ...(scope ? { scope } : {}) },
      ])
    ),
  );

/** Places that unknown parts are put between. */
export const BODY = 40, TAIL = 60;

const embeddings: readonly Row[] = [
  [
    "embedding.token",
    0,
    "wte embed_tokens tok_embeddings word_embeddings word_embedding token_embd token_embedding " +
    "token_embeddings token tokens embed_in tok_emb",
  ],
  ["embedding.class", 2, "cls_token class_token class_embedding dist_token mask_token"],
  [
    "embedding.patch",
    4,
    "patch_embed patch_embeddings patch_embedding patch_embd conv_proj",
    "embedding",
  ],
  [
    "embedding.position",
    10,
    "wpe embed_positions position_embeddings position_embedding position_embd position positions " +
    "pos_embed pos_embedding pos_emb positional_embedding rope_freqs rotary_emb",
  ],
  ["embedding.type", 12, "token_type_embeddings token_types segment_embeddings"],
];

/** What words say by where they stand. */
export const scopes: Readonly<Record<Scope, ReadonlyMap<string, Meaning>>> = {
  trunk: table(
    ...embeddings,
    ["embedding", 0, "embeddings embedding embed embedder shared", "embedding"],
    ["embedding.time", 1, "time_embedding time_embed time_embeddings", "embedding"],
    [
      "norm.embedding",
      15,
      "word_embeddings_layernorm token_embd_norm layernorm_embedding emb_ln pre_layrnorm " +
      "pre_layernorm ln_pre norm_pre pre_ln",
    ],
    [null, 20, "vision_tower vision_model visual vision"],
    [null, 25, "multi_modal_projector mm"],
    [null, 30, "encoder enc"],
    [null, 35, "down_blocks input_blocks down"],
    [null, BODY, "mid_block middle_block bottleneck"],
    [null, 45, "up_blocks output_blocks up"],
    [null, 50, "decoder dec"],
    ["pooler", 70, "pooler"],
    [
      "head",
      80,
      "lm_head head heads output classifier score cls logits embed_out proj_out qa_outputs " +
      "mlm_head prediction_head predictions visual_projection text_projection",
      "head",
    ],
  ),
  embedding: table(...embeddings),
  block: table(
    [
      null,
      20,
      "attn attention self_attn self_attention mha attn1 multi_head_attention",
      "attention",
    ],
    [
      null,
      34,
      "encoder_attn cross_attn cross_attention crossattention enc_dec_attention multihead_attn " +
      "attn2 encoder_attention",
      "cross",
    ],
    [null, 50, "mlp ffn ff feed_forward dense_relu_dense block_sparse_moe moe", "mlp"],
    [null, 54, "experts", "mlp"],
    [null, 58, "shared_expert shared_experts", "mlp"],
    ["mlp.up", 53, "intermediate", "mlp"],
    ["mlp.down", 56, "output", "mlp"],
    ["attention.scale", 28, "ls1 layer_scale1"],
    ["mlp.scale", 61, "ls2 layer_scale2"],
    [null, 12, "resnets"],
    [null, 14, "attentions"],
    [null, 90, "downsample downsamplers upsamplers shortcut conv_shortcut"],
  ),
  attention: table(
    [null, 20, "self attention"],
    ["attention.query", 20, "q query query_dense"],
    ["attention.key", 21, "k key key_dense"],
    ["attention.value", 22, "v value value_dense"],
    [
      "attention.output",
      26,
      "o out output proj dense to_out c_proj out_proj wo output_dense attention_output",
    ],
  ),
  cross: table(),
  mlp: table(
    ["mlp.router", 50, "gate router"],
    ["mlp.up", 53, "fc w1"],
    ["mlp.down", 56, "out proj dense wo c_proj"],
    [null, 54, "experts"],
    [null, 58, "shared_expert shared_experts"],
    ["mlp.router", 57, "shared_expert_gate"],
  ),
  head: table(["head", 81, "transform"], ["head", 82, "dense"], ["head", 86, "decoder"]),
};

/** Words of attention and MLPs that say the same wherever they stand in a block. */
export const anywhere = table(
  ["attention.query", 20, "q_proj wq q_lin to_q attn_q q_a_proj attn_q_a query_proj linear_q"],
  ["attention.query", 20.5, "q_b_proj attn_q_b"],
  ["attention.key", 21, "k_proj wk k_lin to_k attn_k key_proj linear_k"],
  ["attention.value", 22, "v_proj wv v_lin to_v attn_v value_proj linear_v"],
  ["attention.key-value", 21, "kv kv_proj to_kv kv_a_proj_with_mqa attn_kv_a_mqa"],
  ["attention.key-value", 21.5, "kv_b_proj attn_kv_b"],
  ["attention.qkv", 20, "qkv c_attn query_key_value wqkv qkv_proj to_qkv attn_qkv"],
  ["norm.query", 20.2, "q_a_layernorm attn_q_a_norm"],
  ["norm.key", 21.2, "kv_a_layernorm attn_kv_a_norm"],
  ["norm.query", 23, "q_norm q_layernorm attn_q_norm query_norm"],
  ["norm.key", 24, "k_norm k_layernorm attn_k_norm key_norm"],
  ["attention.output", 26, "o_proj out_lin attn_output attn_out"],
  ["attention.position-bias", 25, "relative_attention_bias relative_position_bias_table"],
  ["cross-attention.query", 34, "cross_attn_q"],
  ["cross-attention.key", 35, "cross_attn_k"],
  ["cross-attention.value", 36, "cross_attn_v"],
  ["cross-attention.output", 37, "cross_attn_o"],
  ["mlp.router", 50, "ffn_gate_inp"],
  ["mlp.gate", 52, "gate_proj ffn_gate ffn_gate_exps wi_0"],
  ["mlp.gate-up", 52, "gate_up_proj"],
  [
    "mlp.up",
    53,
    "up_proj c_fc fc1 lin1 linear1 linear_1 dense_h_to_4h ffn_up ffn_up_exps wi wi_1 w3 fc_in",
  ],
  [
    "mlp.down",
    56,
    "down_proj fc2 lin2 linear2 linear_2 dense_4h_to_h ffn_down ffn_down_exps w2 fc_out",
  ],
  ["mlp.gate", 58, "ffn_gate_shexp"],
  ["mlp.up", 58.5, "ffn_up_shexp"],
  ["mlp.down", 59, "ffn_down_shexp"],
);

/** Norms of a block, by the word that numbers or places them. */
export const norms = table(
  [
    "norm.attention",
    10,
    "input_layernorm ln_1 ln1 norm1 norm_1 attention_norm attn_norm layernorm_before layer_norm1 " +
    "self_attn_layer_norm pre_attention_layernorm self_attention_layer_norm layer_norm_1",
  ],
  ["norm.post-attention", 29, "sa_layer_norm post_attention_norm attn_output_norm"],
  [
    "norm.cross-attention",
    32,
    "encoder_attn_layer_norm cross_attn_norm cross_attention_layer_norm cross_attn_ln",
  ],
  [
    "norm.mlp",
    40,
    "post_attention_layernorm ln_2 ln2 norm2 norm_2 ffn_norm mlp_norm layernorm_after layer_norm2 " +
    "pre_feedforward_layernorm final_layer_norm pre_mlp_layernorm norm3 layer_norm_2 mlp_ln",
  ],
  [
    "norm.post-mlp",
    60,
    "post_feedforward_layernorm post_ffw_norm output_layer_norm layer_output_norm",
  ],
);
