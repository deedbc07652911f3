import { type Layout, layOut } from "../../src/field/layout.ts";
import type { Layer } from "../../src/model/model.ts";
import { arrange } from "../../src/model/structure.ts";
import { tensor } from "../model/tensors.ts";

/** Tensors of a model: their names and shapes. */
export type Shapes = readonly (readonly [name: string, shape: readonly number[]])[];

export const layersOf = (shapes: Shapes): Layer[] =>
  arrange({ tensors: shapes.map(([name, shape]) => tensor(name, shape)) }).layers;

export const laidOutOf = (shapes: Shapes): Layout => layOut(layersOf(shapes));

const times = (count: number, make: (i: number) => Shapes): Shapes =>
  Array.from({ length: count }, (_, i) => make(i)).flat();
const within = (prefix: string, shapes: Shapes): Shapes =>
  shapes.map(([name, shape]) => [`${prefix}.${name}`, shape]);

type LlamaSize = "blocks" | "width" | "inner" | "words" | "keys";

/** A llama of so many blocks; of 7·10⁹ parameters unless told otherwise. */
export const llama = (size: Partial<Record<LlamaSize, number>> = {}): Shapes => {
  const { blocks = 32, width = 4096, inner = 11008, words = 32000 } = size;
  const { keys = width } = size;
  return [
    ["model.embed_tokens.weight", [words, width]],
    ...times(blocks, (i) =>
      within(`model.layers.${i}`, [
        ["input_layernorm.weight", [width]],
        ["self_attn.q_proj.weight", [width, width]],
        ["self_attn.k_proj.weight", [keys, width]],
        ["self_attn.v_proj.weight", [keys, width]],
        ["self_attn.o_proj.weight", [width, width]],
        ["post_attention_layernorm.weight", [width]],
        ["mlp.gate_proj.weight", [inner, width]],
        ["mlp.up_proj.weight", [inner, width]],
        ["mlp.down_proj.weight", [width, inner]],
      ])),
    ["model.norm.weight", [width]],
    ["lm_head.weight", [words, width]],
  ];
};

const biased = (name: string, shape: readonly number[]): Shapes => [
  [`${name}.weight`, shape],
  [`${name}.bias`, [shape.at(-1)!]],
];

export const gpt2 = (blocks = 12, width = 768): Shapes => [
  ["wte.weight", [50257, width]],
  ["wpe.weight", [1024, width]],
  ...times(blocks, (i) =>
    within(`h.${i}`, [
      ...biased("ln_1", [width]),
      ...biased("attn.c_attn", [width, 3 * width]),
      ...biased("attn.c_proj", [width, width]),
      ...biased("ln_2", [width]),
      ...biased("mlp.c_fc", [width, 4 * width]),
      ...biased("mlp.c_proj", [4 * width, width]),
    ])),
  ...biased("ln_f", [width]),
];

/** A mixture of experts. */
export const mixtral = (blocks = 32, experts = 8, width = 4096, inner = 14336): Shapes => [
  ["model.embed_tokens.weight", [32000, width]],
  ...times(blocks, (i) =>
    within(`model.layers.${i}`, [
      ["input_layernorm.weight", [width]],
      ["self_attn.q_proj.weight", [width, width]],
      ["self_attn.k_proj.weight", [width / 4, width]],
      ["self_attn.v_proj.weight", [width / 4, width]],
      ["self_attn.o_proj.weight", [width, width]],
      ["post_attention_layernorm.weight", [width]],
      ["block_sparse_moe.gate.weight", [experts, width]],
      ...times(experts, (k) =>
        within(`block_sparse_moe.experts.${k}`, [
          ["w1.weight", [inner, width]],
          ["w2.weight", [width, inner]],
          ["w3.weight", [inner, width]],
        ])),
    ])),
  ["model.norm.weight", [width]],
  ["lm_head.weight", [32000, width]],
];

const normed = (name: string, width: number): Shapes => [
  ...["weight", "bias", "running_mean", "running_var"].map((part) =>
    [`${name}.${part}`, [width]] as const
  ),
  [`${name}.num_batches_tracked`, []],
];

/** ResNet-50. */
export const resnet = (): Shapes => [
  ["conv1.weight", [64, 3, 7, 7]],
  ...normed("bn1", 64),
  ...[3, 4, 6, 3].flatMap((blocks, stage) =>
    times(blocks, (i) => {
      const width = 64 << stage;
      const from = i > 0 ? 4 * width : stage > 0 ? 2 * width : 64;
      return within(`layer${stage + 1}.${i}`, [
        ["conv1.weight", [width, from, 1, 1]],
        ...normed("bn1", width),
        ["conv2.weight", [width, width, 3, 3]],
        ...normed("bn2", width),
        ["conv3.weight", [4 * width, width, 1, 1]],
        ...normed("bn3", 4 * width),
        ...(i > 0 ? [] : [
          ["downsample.0.weight", [4 * width, from, 1, 1]] as const,
          ...normed("downsample.1", 4 * width),
        ]),
      ]);
    })
  ),
  ["fc.weight", [1000, 2048]],
  ["fc.bias", [1000]],
];

/** Share of the canvas that shows elements. */
export function fullness({ planes, width, height }: Layout): number {
  const cells = planes.reduce((sum, { plane }) => sum + plane.width * plane.height, 0);
  return cells / (width * height);
}

export const aspect = ({ width, height }: { width: number; height: number }): number =>
  Math.max(width, height) / Math.min(width, height);
