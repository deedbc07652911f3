// Names of the tensors of published architectures as their files hold them, each with the order in
// which its layers compute, by hand from their papers and code.

/** The names of one kind of model, and what they mean. */
export interface Architecture {
  /** Tensors, in the order in which PyTorch or the converter writes them. */
  readonly tensors: readonly string[];
  /** Layers in the order in which they compute; of blocks the first ones only, then "…". */
  readonly order: readonly string[];
  /** Roles of layers. */
  readonly roles: Readonly<Record<string, string>>;
  /** Patterns of repeated blocks, with their number and the layers of one. */
  readonly blocks: readonly (readonly [pattern: string, count: number, layers: number])[];
}

const both = (...layers: string[]) => layers.flatMap((name) => [`${name}.weight`, `${name}.bias`]);
const weights = (...layers: string[]) => layers.map((name) => `${name}.weight`);
const within = (prefix: string, parts: readonly string[]) =>
  parts.map((part) => `${prefix}.${part}`);
const times = (count: number, make: (i: number) => readonly string[]) =>
  Array.from({ length: count }, (_, i) => make(i)).flat();

const llamaBlock = [
  ...["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"],
  ...["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"],
  ...["input_layernorm", "post_attention_layernorm"],
];
const llama: Architecture = {
  tensors: [
    ...weights("model.embed_tokens"),
    ...times(12, (i) => weights(...within(`model.layers.${i}`, llamaBlock))),
    ...weights("model.norm", "lm_head"),
  ],
  order: [
    "model.embed_tokens",
    ...within("model.layers.0", [
      "input_layernorm",
      ...llamaBlock.slice(0, 4),
      "post_attention_layernorm",
      ...llamaBlock.slice(4, 7),
    ]),
    "model.layers.1.input_layernorm",
    "…",
    "model.layers.11.mlp.down_proj",
    "model.norm",
    "lm_head",
  ],
  roles: {
    "model.embed_tokens": "embedding.token",
    "model.layers.3.self_attn.q_proj": "attention.query",
    "model.layers.3.self_attn.o_proj": "attention.output",
    "model.layers.3.input_layernorm": "norm.attention",
    "model.layers.3.post_attention_layernorm": "norm.mlp",
    "model.layers.3.mlp.gate_proj": "mlp.gate",
    "model.layers.3.mlp.up_proj": "mlp.up",
    "model.layers.3.mlp.down_proj": "mlp.down",
    "model.norm": "norm.final",
    "lm_head": "head",
  },
  blocks: [["model.layers.*", 12, 9]],
};

const mixtral: Architecture = {
  tensors: [
    ...weights("model.embed_tokens"),
    ...times(3, (i) =>
      weights(...within(`model.layers.${i}`, [
        ...llamaBlock.slice(0, 4),
        "block_sparse_moe.gate",
        ...times(4, (k) => within(`block_sparse_moe.experts.${k}`, ["w1", "w2", "w3"])),
        ...llamaBlock.slice(7),
      ]))),
    ...weights("model.norm", "lm_head"),
  ],
  order: [
    "model.embed_tokens",
    ...within("model.layers.0", [
      "input_layernorm",
      ...llamaBlock.slice(0, 4),
      "post_attention_layernorm",
      "block_sparse_moe.gate",
      ...within("block_sparse_moe.experts.0", ["w1", "w3", "w2"]),
      ...within("block_sparse_moe.experts.1", ["w1", "w3", "w2"]),
    ]),
    "…",
    "model.layers.2.block_sparse_moe.experts.3.w2",
    "model.norm",
    "lm_head",
  ],
  roles: {
    "model.layers.1.block_sparse_moe.gate": "mlp.router",
    "model.layers.1.block_sparse_moe.experts.2.w1": "mlp.gate",
    "model.layers.1.block_sparse_moe.experts.2.w3": "mlp.up",
    "model.layers.1.block_sparse_moe.experts.2.w2": "mlp.down",
  },
  blocks: [["model.layers.*", 3, 19], ["model.layers.*.block_sparse_moe.experts.*", 12, 3]],
};

const gpt2Block = ["ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"];
const gpt2: Architecture = {
  tensors: [
    ...weights("wte", "wpe"),
    ...times(12, (i) => [...both(...within(`h.${i}`, gpt2Block)), `h.${i}.attn.bias`]),
    ...both("ln_f"),
  ],
  order: [
    ...["wte", "wpe", "h.0.ln_1", "h.0.attn", "h.0.attn.c_attn", "h.0.attn.c_proj", "h.0.ln_2"],
    ...["h.0.mlp.c_fc", "h.0.mlp.c_proj", "h.1.ln_1", "…", "h.11.mlp.c_proj", "ln_f"],
  ],
  roles: {
    "wte": "embedding.token",
    "wpe": "embedding.position",
    "h.5.ln_1": "norm.attention",
    "h.5.attn.c_attn": "attention.qkv",
    "h.5.attn.c_proj": "attention.output",
    "h.5.attn": "attention.mask",
    "h.5.ln_2": "norm.mlp",
    "h.5.mlp.c_fc": "mlp.up",
    "h.5.mlp.c_proj": "mlp.down",
    "ln_f": "norm.final",
  },
  blocks: [["h.*", 12, 7]],
};

const bertBlock = [
  ...["attention.self.query", "attention.self.key", "attention.self.value"],
  ...["attention.output.dense", "attention.output.LayerNorm"],
  ...["intermediate.dense", "output.dense", "output.LayerNorm"],
];
const bertEmbeddings = within("bert.embeddings", [
  ...["word_embeddings", "position_embeddings", "token_type_embeddings"],
]);
const bert: Architecture = {
  tensors: [
    ...weights(...bertEmbeddings),
    ...both("bert.embeddings.LayerNorm"),
    ...times(12, (i) => both(...within(`bert.encoder.layer.${i}`, bertBlock))),
    ...both("bert.pooler.dense"),
    "cls.predictions.bias",
    ...both("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm"),
    ...weights("cls.predictions.decoder"),
  ],
  order: [
    ...bertEmbeddings,
    "bert.embeddings.LayerNorm",
    ...within("bert.encoder.layer.0", bertBlock),
    "bert.encoder.layer.1.attention.self.query",
    "…",
    "bert.encoder.layer.11.output.LayerNorm",
    "bert.pooler.dense",
  ],
  roles: {
    "bert.embeddings.word_embeddings": "embedding.token",
    "bert.embeddings.token_type_embeddings": "embedding.type",
    "bert.embeddings.LayerNorm": "norm.embedding",
    "bert.encoder.layer.7.attention.self.key": "attention.key",
    "bert.encoder.layer.7.attention.output.dense": "attention.output",
    "bert.encoder.layer.7.attention.output.LayerNorm": "norm.post-attention",
    "bert.encoder.layer.7.intermediate.dense": "mlp.up",
    "bert.encoder.layer.7.output.dense": "mlp.down",
    "bert.encoder.layer.7.output.LayerNorm": "norm.post-mlp",
    "bert.pooler.dense": "pooler",
    "cls.predictions.decoder": "head",
  },
  blocks: [["bert.encoder.layer.*", 12, 8]],
};

const basic = (stage: number, block: number) => {
  const at = `layer${stage}.${block}`;
  const down = stage > 1 && block === 0 ? [`${at}.downsample.0`, `${at}.downsample.1`] : [];
  return [...within(at, ["conv1", "bn1", "conv2", "bn2"]), ...down];
};
const normed = (layer: string) =>
  /bn\d$|downsample\.1$/.test(layer)
    ? [...both(layer), ...within(layer, ["running_mean", "running_var", "num_batches_tracked"])]
    : weights(layer);
const resnetLayers = [
  "conv1",
  "bn1",
  ...times(4, (s) => times(2, (b) => basic(s + 1, b))),
];
const resnet18: Architecture = {
  tensors: [...resnetLayers.flatMap(normed), ...both("fc")],
  order: [...resnetLayers, "fc"],
  roles: { "fc": "head" },
  blocks: [["layer*", 4, 10], ["layer*.*", 8, 4]],
};

const vitBlock = ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"];
const vit: Architecture = {
  tensors: [
    "cls_token",
    "pos_embed",
    ...both("patch_embed.proj"),
    ...times(12, (i) => both(...within(`blocks.${i}`, vitBlock))),
    ...both("norm", "head"),
  ],
  order: [
    ...["cls_token", "patch_embed.proj", "pos_embed"],
    ...within("blocks.0", vitBlock),
    ...["blocks.1.norm1", "…", "blocks.11.mlp.fc2", "norm", "head"],
  ],
  roles: {
    "cls_token": "embedding.class",
    "pos_embed": "embedding.position",
    "patch_embed.proj": "embedding.patch",
    "blocks.2.norm1": "norm.attention",
    "blocks.2.attn.qkv": "attention.qkv",
    "blocks.2.attn.proj": "attention.output",
    "blocks.2.norm2": "norm.mlp",
    "blocks.2.mlp.fc1": "mlp.up",
    "blocks.2.mlp.fc2": "mlp.down",
    "norm": "norm.final",
    "head": "head",
  },
  blocks: [["blocks.*", 12, 6]],
};

const t5Attention = (name: string) => [...within(name, ["q", "k", "v", "o"])];
const t5Layers = (stack: string, i: number) => {
  const at = `${stack}.block.${i}.layer`;
  const bias = i === 0 ? [`${at}.0.SelfAttention.relative_attention_bias`] : [];
  const cross = stack === "decoder";
  const attention = t5Attention(`${at}.0.SelfAttention`);
  const mlp = `${at}.${cross ? 2 : 1}`;
  return [
    `${at}.0.layer_norm`,
    ...[...attention.slice(0, 3), ...bias, attention[3]!],
    ...(cross ? [`${at}.1.layer_norm`, ...t5Attention(`${at}.1.EncDecAttention`)] : []),
    `${mlp}.layer_norm`,
    ...within(`${mlp}.DenseReluDense`, ["wi", "wo"]),
  ];
};
const t5Order = [
  "shared",
  ...times(2, (i) => t5Layers("encoder", i)),
  "encoder.final_layer_norm",
  ...times(2, (i) => t5Layers("decoder", i)),
  "decoder.final_layer_norm",
  "lm_head",
];
const t5: Architecture = {
  tensors: weights(...t5Order),
  order: t5Order,
  roles: {
    "shared": "embedding",
    "encoder.block.1.layer.0.SelfAttention.q": "attention.query",
    "encoder.block.1.layer.0.layer_norm": "norm.attention",
    "encoder.block.1.layer.1.layer_norm": "norm.mlp",
    "encoder.block.1.layer.1.DenseReluDense.wi": "mlp.up",
    "encoder.block.1.layer.1.DenseReluDense.wo": "mlp.down",
    "decoder.block.0.layer.1.EncDecAttention.k": "cross-attention.key",
    "decoder.block.0.layer.1.layer_norm": "norm.cross-attention",
    "encoder.final_layer_norm": "norm.final",
  },
  blocks: [["encoder.block.*", 2, 8], ["decoder.block.*", 2, 13]],
};

const whisperBlock = (at: string, cross: boolean) =>
  within(at, [
    "self_attn_layer_norm",
    ...within("self_attn", ["q_proj", "k_proj", "v_proj", "out_proj"]),
    ...(cross
      ? [
        "encoder_attn_layer_norm",
        ...within("encoder_attn", ["q_proj", "k_proj", "v_proj", "out_proj"]),
      ]
      : []),
    ...["final_layer_norm", "fc1", "fc2"],
  ]);
const whisperOrder = [
  ...within("model.encoder", ["conv1", "conv2", "embed_positions"]),
  ...times(2, (i) => whisperBlock(`model.encoder.layers.${i}`, false)),
  "model.encoder.layer_norm",
  ...within("model.decoder", ["embed_tokens", "embed_positions"]),
  ...times(2, (i) => whisperBlock(`model.decoder.layers.${i}`, true)),
  "model.decoder.layer_norm",
];
const whisper: Architecture = {
  tensors: both(...whisperOrder),
  order: whisperOrder,
  roles: {
    "model.encoder.layers.1.self_attn.out_proj": "attention.output",
    "model.decoder.layers.1.encoder_attn.q_proj": "cross-attention.query",
    "model.decoder.layers.1.encoder_attn.out_proj": "cross-attention.output",
    "model.decoder.layers.1.encoder_attn_layer_norm": "norm.cross-attention",
    "model.decoder.layers.1.final_layer_norm": "norm.mlp",
    "model.decoder.layers.1.fc1": "mlp.up",
    "model.decoder.layer_norm": "norm.final",
  },
  blocks: [["model.encoder.layers.*", 2, 8], ["model.decoder.layers.*", 2, 13]],
};

const ggufBlock = [
  ...["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"],
  ...["ffn_norm", "ffn_gate", "ffn_up", "ffn_down"],
];
const gguf: Architecture = {
  tensors: weights(
    ...["token_embd", "output_norm", "output"],
    ...times(12, (i) => within(`blk.${i}`, ggufBlock.toSorted())),
  ),
  order: [
    "token_embd",
    ...within("blk.0", ggufBlock),
    ...["blk.1.attn_norm", "…", "blk.11.ffn_down", "output_norm", "output"],
  ],
  roles: {
    "token_embd": "embedding.token",
    "blk.4.attn_norm": "norm.attention",
    "blk.4.attn_output": "attention.output",
    "blk.4.ffn_norm": "norm.mlp",
    "blk.4.ffn_gate": "mlp.gate",
    "blk.4.ffn_down": "mlp.down",
    "output_norm": "norm.final",
    "output": "head",
  },
  blocks: [["blk.*", 12, 9]],
};

const clipBlock = [
  "layer_norm1",
  ...within("self_attn", ["q_proj", "k_proj", "v_proj", "out_proj"]),
  ...["layer_norm2", "mlp.fc1", "mlp.fc2"],
];
const clipText = within("text_model", [
  ...within("embeddings", ["token_embedding", "position_embedding"]),
  ...times(2, (i) => within(`encoder.layers.${i}`, clipBlock)),
  "final_layer_norm",
]);
const clipVision = within("vision_model", [
  ...within("embeddings", ["class_embedding", "patch_embedding", "position_embedding"]),
  "pre_layrnorm",
  ...times(2, (i) => within(`encoder.layers.${i}`, clipBlock)),
  "post_layernorm",
]);
const clip: Architecture = {
  tensors: weights(...clipText, ...clipVision, "visual_projection", "text_projection"),
  order: [...clipVision, ...clipText, "text_projection", "visual_projection"],
  roles: {
    "vision_model.pre_layrnorm": "norm.embedding",
    "vision_model.post_layernorm": "norm.final",
    "vision_model.embeddings.class_embedding": "embedding.class",
    "text_model.encoder.layers.0.layer_norm1": "norm.attention",
  },
  blocks: [["vision_model.encoder.layers.*", 2, 8], ["text_model.encoder.layers.*", 2, 8]],
};

/** A small decoder whose blocks do not group their parts. */
const flatBlock = ["ln1", "qkv", "proj", "ln2", "fc", "out"];
const flat: Architecture = {
  tensors: both(
    ...["token", "position"],
    ...times(4, (i) => within(`blocks.${i}`, ["ln1", "ln2", "qkv", "proj", "fc", "out"])),
    ...["ln", "head"],
  ),
  order: [
    ...["token", "position"],
    ...times(4, (i) => within(`blocks.${i}`, flatBlock)),
    ...["ln", "head"],
  ],
  roles: {
    "blocks.1.qkv": "attention.qkv",
    "blocks.1.proj": "attention.output",
    "blocks.1.fc": "mlp.up",
    "blocks.1.out": "mlp.down",
    "blocks.1.ln1": "norm.attention",
    "blocks.1.ln2": "norm.mlp",
    "ln": "norm.final",
  },
  blocks: [["blocks.*", 4, 6]],
};

const denseLayers = (block: number) =>
  times(
    2,
    (i) =>
      within(`features.denseblock${block}.denselayer${i + 1}`, [
        "norm1",
        "conv1",
        "norm2",
        "conv2",
      ]),
  );
const densenetOrder = [
  ...["features.conv0", "features.norm0"],
  ...times(3, (i) => [
    ...denseLayers(i + 1),
    ...(i < 2 ? within(`features.transition${i + 1}`, ["norm", "conv"]) : []),
  ]),
  ...["features.norm5", "classifier"],
];
const densenet: Architecture = {
  tensors: both(...densenetOrder),
  order: densenetOrder,
  roles: { "features.norm5": "norm.final", "classifier": "head" },
  blocks: [
    ["features.denseblock*", 3, 8],
    ["features.denseblock*.denselayer*", 6, 4],
    ["features.transition*", 2, 2],
  ],
};

export const architectures: Readonly<Record<string, Architecture>> = {
  llama,
  mixtral,
  gpt2,
  bert,
  resnet18,
  vit,
  t5,
  whisper,
  gguf,
  clip,
  flat,
  densenet,
};
