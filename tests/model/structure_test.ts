import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { foldBlocks } from "../../src/model/fold.ts";
import { readFacts } from "../../src/model/facts.ts";
import { openModel } from "../../src/model/open.ts";
import { arrange } from "../../src/model/structure.ts";
import { architectures } from "./architectures.ts";
import { tensor } from "./tensors.ts";

const arranged = (names: readonly string[]) =>
  arrange({ tensors: names.map((name) => tensor(name)) });

const word = fc.constantFrom(
  ...["layers", "h", "blocks", "0", "1", "10", "2", "attn", "self_attn", "mlp", "norm", "ln_1"],
  ...["q_proj", "fc1", "conv1", "bn1", "weight", "bias", "embed", "lm_head", "output", "layer1"],
  ...["optimizer", "exp_avg", "step", "vars", "", "*", "x"],
);
const name = fc.array(word, { maxLength: 7 }).chain((parts) =>
  fc.constantFrom(".", "/").map((separator) => parts.join(separator))
);
const someNames = fc.uniqueArray(name, { maxLength: 40 });

Deno.test("no tensor is lost, each lies in one layer, and no two layers share a name", () => {
  fc.assert(fc.property(someNames, (names) => {
    const { layers } = arranged(names);
    const found = layers.flatMap(({ tensors }) => tensors.map(({ name }) => name));
    assertEquals(found.toSorted(), names.toSorted());
    assertEquals(new Set(layers.map(({ name }) => name)).size, layers.length);
  }));
});

Deno.test("a block's pattern with its numbers is where its layers' names begin", () => {
  fc.assert(fc.property(someNames, (names) => {
    for (const { name, block } of arranged(names.filter((name) => !name.includes("*"))).layers) {
      if (!block) continue;
      const at = block.indices.reduce(
        (text, index) => text.replace("*", `${index}`),
        block.pattern,
      );
      assertEquals([name.slice(0, at.length), block.index], [at, block.indices.at(-1)]);
    }
  }));
});

Deno.test("blocks of a pattern have as many layers as they say, and lie in blocks that are told", () => {
  fc.assert(fc.property(someNames, (names) => {
    const { structure: { blocks }, layers } = arranged(names);
    for (const { pattern, within, count, layers: each } of blocks) {
      const inside = layers.filter(({ block }) => block?.pattern.startsWith(pattern));
      assert(count >= 1 && each >= 1 && inside.length >= count);
      assert(within === null || blocks.some((other) => other.pattern === within));
    }
  }));
});

Deno.test("the same list gives the same order; a sorted one depends on nothing but its names", () => {
  fc.assert(fc.property(someNames, (names) => {
    const order = (names: readonly string[]) => arranged(names).layers.map(({ name }) => name);
    assertEquals(order(names), order(names));
    assertEquals(order(names.toSorted()), order(names.toReversed().toSorted()));
  }));
});

/** Folds as text, a line each, indented. */
function folded(names: readonly string[]): string[] {
  const lines: string[] = [];
  const walk = (folds: Readonly<ReturnType<typeof foldBlocks>>, depth: number) => {
    for (const fold of folds) {
      const times = "parts" in fold ? fold.count : fold.layers.length;
      lines.push(`${"  ".repeat(depth)}${fold.label}${times > 1 ? ` × ${times}` : ""}`);
      if ("parts" in fold) walk(fold.parts, depth + 1);
    }
  };
  const layers = arranged(names).layers.map((layer) => ({ ...layer, shape: layer.main.shape }));
  walk(foldBlocks(layers), 0);
  return lines;
}

Deno.test("blocks that are alike fold into one, and those within them too", () => {
  assertEquals(folded(architectures["mixtral"]!.tensors), [
    "model.embed_tokens",
    "model.layers.0–2 × 3",
    "  input_layernorm × 3",
    ...["q", "k", "v", "o"].map((name) => `  self_attn.${name}_proj × 3`),
    "  post_attention_layernorm × 3",
    "  block_sparse_moe.gate × 3",
    "  block_sparse_moe.experts.0–3 × 4",
    "    w1 × 12",
    "    w3 × 12",
    "    w2 × 12",
    "model.norm",
    "lm_head",
  ]);
});

Deno.test("blocks that differ stay apart: ResNet's stages, and their first blocks", () => {
  const stage = (label: string) => [
    label,
    "  0",
    ...["conv1", "bn1", "conv2", "bn2", "downsample.0", "downsample.1"].map((at) =>
      `    ${at} × 3`
    ),
    "  1",
    ...["conv1", "bn1", "conv2", "bn2"].map((at) => `    ${at} × 3`),
  ];
  assertEquals(folded(architectures["resnet18"]!.tensors), [
    "conv1",
    "bn1",
    "layer1",
    "  0–1 × 2",
    ...["conv1", "bn1", "conv2", "bn2"].map((at) => `    ${at} × 2`),
    ...stage("layer2–4 × 3"),
    "fc",
  ]);
});

Deno.test("blocks fold only with those that follow them", () => {
  const names = ["0", "1", "3"].flatMap((i) => [`h.${i}.a.weight`, `h.${i}.b.weight`]);
  assertEquals(folded(names), ["h.0–1 × 2", "  a × 2", "  b × 2", "h.3", "  a", "  b"]);
});

Deno.test("a decoder whose blocks are counted down keeps them so, among what is between them", () => {
  const double = (at: string) => [`${at}.conv1`, `${at}.conv2`];
  const order = [
    ...[1, 2, 3].flatMap((i) => double(`encoder${i}`)),
    ...double("bottleneck"),
    ...[3, 2, 1].flatMap((i) => [`upconv${i}`, ...double(`decoder${i}`)]),
    "conv",
  ];
  const { layers, structure } = arranged(order.map((name) => `${name}.weight`));
  assertEquals(layers.map(({ name }) => name), order);
  assertEquals(structure.blocks.map(({ pattern, count }) => [pattern, count]), [
    ["encoder*", 3],
    ["decoder*", 3],
  ]);
});

Deno.test("folding loses no layer, whatever the names", () => {
  fc.assert(fc.property(someNames, (names) => {
    const layers = arranged(names).layers.map((layer) => ({ ...layer, shape: layer.main.shape }));
    const leaves = (folds: Readonly<ReturnType<typeof foldBlocks>>): string[] =>
      folds.flatMap((fold) =>
        "parts" in fold ? leaves(fold.parts) : fold.layers.map(({ name }) => name)
      );
    assertEquals(leaves(foldBlocks(layers)).toSorted(), layers.map(({ name }) => name).toSorted());
  }));
});

Deno.test("what a file declares of its architecture is read from GGUF's keys", () => {
  const facts = readFacts({
    "general.architecture": "llama",
    "llama.block_count": 32,
    "llama.attention.head_count": { count: 3, first: [8, 16, 8] },
    "llama.attention.head_count_kv": 8,
    "llama.embedding_length": "4096",
    "llama.context_length": -0.5,
    "gpt2.feed_forward_length": 1,
  });
  assertEquals(facts, {
    architecture: "llama",
    blocks: 32,
    heads: 16,
    kvHeads: 8,
    embedding: 4096,
    feedForward: null,
    context: -0.5,
    experts: null,
  });
  assertEquals(readFacts({ "num_hidden_layers": 4 }).blocks, 4);
});

Deno.test("an optimizer's states come after all layers, by number", () => {
  const { layers } = arranged([
    ...["optimizer.state.10.exp_avg", "optimizer.state.10.step", "optimizer.state.2.exp_avg"],
    ...["Variable/Adam", "Variable/Adam_1", "model.fc.weight", "beta1_power", "Variable"],
    ...["steps.step", "layers/dense/vars/0", "layers/dense/vars/1", "optimizer/vars/1"],
    ...["layer/kernel/.ATTRIBUTES/VARIABLE_VALUE"],
    "layer/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE",
  ]);
  assertEquals(layers.map(({ name, kind, role }) => [name, kind === "optimizer" ? role : kind]), [
    ["model.fc", "linear"],
    ["Variable", "tensor"],
    ["steps.step", "tensor"],
    ["layers/dense", "linear"],
    ["layer", "linear"],
    ["Variable/Adam", "optimizer.first-moment"],
    ["Variable/Adam_1", "optimizer.second-moment"],
    ["beta1_power", "optimizer"],
    ["layer/kernel/.OPTIMIZER_SLOT/optimizer/m", "optimizer.first-moment"],
    ["optimizer.state.2", "optimizer.first-moment"],
    ["optimizer.state.10", "optimizer"],
    ["optimizer/vars/1", "optimizer"],
  ]);
});

Deno.test("checkpoints of Keras 3: a kernel is its layer's, weights below an optimizer are no states", () => {
  const { layers } = arranged([
    ...["_operations/1/_kernel", "_operations/1/bias", "_operations/2/_embeddings", "steps"],
    ...["optimizer/_trainable_variables/0", "optimizer/_variables/3"],
  ].map((name) => `${name}/.ATTRIBUTES/VARIABLE_VALUE`));
  assertEquals(layers.map(({ name, kind }) => `${name} ${kind}`), [
    "_operations/1 linear",
    "_operations/2 linear",
    "steps tensor",
    "optimizer/_trainable_variables/0 tensor",
    "optimizer/_variables/3 optimizer",
  ]);
});

Deno.test("numbered attentions are attention, numbered norms not the last", () => {
  const { layers } = arranged(
    ["", "_1", "_2"].flatMap((number) => [
      `layers/layer_normalization${number}/vars/0`,
      ...["query_dense", "output_dense"].map((part) =>
        `layers/multi_head_attention${number}/${part}/vars/0`
      ),
    ]),
  );
  assertEquals(layers.map(({ role }) => role).sort(), [
    ...["attention.output", "attention.output", "attention.output"],
    ...["attention.query", "attention.query", "attention.query"],
    ...[null, null, null],
  ]);
});

Deno.test("recurrent layers are known by their names", () => {
  const { layers } = arranged([
    ...[
      "layers/gru/cell/vars/0",
      "layers/simple_rnn_1/cell/vars/0",
      "lstm/kernel",
      "grumpy.weight",
    ],
  ]);
  assertEquals(layers.map(({ kind }) => kind), ["recurrent", "recurrent", "recurrent", "linear"]);
});

const files = new URL("../../../shared/models/files/", import.meta.url);
const there = await Deno.stat(files).then(() => true, () => false);

/** Layers and their kinds, in order, of files that real libraries wrote. */
const real: Readonly<Record<string, readonly string[]>> = {
  "onnx/opt-mnist.onnx": [
    ...["Convolution28 convolution", "Convolution110 convolution", "Gemm_0 linear"],
    "Pooling160_Output_0_reshape0_shape constant",
  ],
  "onnx/digits-cnn.onnx": [
    ...["conv1 convolution", "conv2 convolution", "conv3 convolution", "fc1 linear", "fc2 linear"],
  ],
  "keras/lenet-separated/weights.h5": [
    ...["Conv2D_1/Conv2D_1 convolution", "Conv2D_2/Conv2D_2 convolution"],
    ...["Dense_1/Dense_1 linear", "Dense_2/Dense_2 linear", "Softmax/Softmax linear"],
  ],
  "tfjs/tiny-vgg/model.json": [
    ...["conv_1_1", "conv_1_2", "conv_2_1", "conv_2_2"].map((name) => `${name} convolution`),
    "output linear",
  ],
  "pytorch/tinyvgg.pth": [
    ...["1.0", "1.2", "2.0", "2.2"].map((at) => `conv_block_${at} convolution`),
    "classifier.1 linear",
  ],
};
for (const [path, expected] of Object.entries(real)) {
  Deno.test({
    name: `${path}: its layers in order${there ? "" : " (the shared models are not there)"}`,
    ignore: !there,
    async fn() {
      const model = await openModel(new URL(path, files).pathname);
      const { layers, structure } = model;
      model.close();
      assertEquals(layers.map(({ name, kind }) => `${name} ${kind}`), expected);
      const flow = layers.filter(({ kind }) => kind !== "constant");
      if (structure.order !== "graph") return;
      assertEquals(flow.map(({ inputs }) => inputs), [
        [],
        ...flow.slice(0, -1).map(({ name }) => [name]),
      ]);
    },
  });
}

Deno.test("names made to take the square of their length, or of their number, take neither", () => {
  const long = 1 << 20;
  const parts = ["1", "_", "a_", "A", "aA1_", "attn_", "norm1", "conv1", "9.", "/", ".", "optim."];
  const odd = parts.flatMap((part) => {
    const run = part.repeat(long / part.length);
    return [run, `${run}a`, `layers.0.${run}a.weight`, `layers.0.norm${run}a.weight`];
  });
  const began = performance.now();
  arrange({ tensors: odd.map((name) => tensor(name, [4])) });
  // Views of one storage, all tied to the first.
  const { source } = tensor("", [4]);
  const views = Array.from(
    { length: 50_000 },
    (_, i) => tensor(`v${i}`, [4], { bytes: 16, source }),
  );
  const { structure } = arrange({ tensors: views });
  assertEquals(structure.aliases.size, views.length - 1);
  assert(performance.now() - began < 5000, "some seconds less");
});
