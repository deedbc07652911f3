import { assert, assertEquals } from "@std/assert";
import type { GraphNode, TensorInfo } from "../../src/formats/format.ts";
import { arrange } from "../../src/model/structure.ts";
import { tensor } from "./tensors.ts";

/** "name op inputs… | tensors…", one a line; a tensor "w[2,3]" has that shape, "n:I64" that type. */
function graph(text: string) {
  const tensors = new Map<string, TensorInfo>();
  const nodes = text.trim().split("\n").map((line): GraphNode => {
    const [left = "", right = ""] = line.split("|");
    const [name = "", op = "", ...inputs] = left.trim().split(/ +/);
    const names = right.trim().split(/ +/).filter(Boolean).map((written) => {
      const [, name = "", dtype, sides] = written.match(/^(.*?)(?::(I64))?(?:\[(.*)\])?$/)!;
      const shape = sides === undefined ? [4, 4] : sides === "" ? [] : sides.split(",").map(Number);
      if (!tensors.has(name)) tensors.set(name, tensor(name, shape, dtype ? { dtype: "I64" } : {}));
      return name;
    });
    return { name, op, inputs, tensors: names };
  });
  return { tensors: [...tensors.values()], graph: { nodes } };
}

const shown = (text: string) => {
  const { layers, structure } = arrange(graph(text));
  return {
    ...structure,
    layers: layers.map(({ name, kind, inputs }) => `${name} ${kind} <- ${inputs.join(", ")}`),
    contents: Object.fromEntries(
      layers.map(({ name, tensors }) => [name, tensors.map(({ name }) => name)]),
    ),
  };
};

Deno.test("layers come in the order of the graph, with the kinds of their operations", () => {
  const { layers, order, edges } = shown(`
    a Conv | z.weight z.bias[4]
    b Relu a
    c BatchNormalization b | y.weight[4] y.bias[4] y.running_mean[4]
    d GlobalAveragePool c
    e Flatten d
    f Gemm e | x.weight x.bias[4]
    g LSTM f | w.weight w.recurrence
    h Gather g | v.weight
    i MultiHeadAttention h | u.weight`);
  assertEquals(order, "graph");
  assertEquals(edges, 5);
  assertEquals(layers, [
    "z convolution <- ",
    "y norm <- z",
    "x linear <- y",
    "w recurrent <- x",
    "v embedding <- w",
    "u attention <- v",
  ]);
});

Deno.test("a product and the vector added to it are one layer", () => {
  const { layers, contents } = shown(`
    /a/fc/MatMul MatMul | onnx::MatMul_7
    /a/fc/Add Add /a/fc/MatMul | a.fc.bias[4]
    /b/fc/MatMul MatMul /a/fc/Add | onnx::MatMul_8
    twice Relu /b/fc/MatMul
    third Mul twice /b/fc/MatMul
    MatMul_3 MatMul third | W
    Add_3 Add MatMul_3 | B[4]`);
  assertEquals(layers, ["a.fc linear <- ", "b.fc linear <- a.fc", "MatMul_3 linear <- b.fc"]);
  assertEquals(contents, {
    "a.fc": ["onnx::MatMul_7", "a.fc.bias"],
    "b.fc": ["onnx::MatMul_8"],
    "MatMul_3": ["W", "B"],
  });
});

Deno.test("a bias may come after a change of shape, and have several axes", () => {
  const { layers } = shown(`
    size Shape
    q/MatMul MatMul size | Q[8,2,4]
    q/Reshape Reshape q/MatMul size
    q/Add Add q/Reshape | b[2,4]`);
  assertEquals(layers, ["q/MatMul linear <- "]);
});

Deno.test("a norm that is written out is one layer, and joins nothing", () => {
  const { layers, joins } = shown(`
    x Placeholder
    mean Mean x
    norm/mul Mul mean | V_1[4]
    norm/mul_1 Mul x norm/mul
    norm/sub Sub norm/mul | V_2[4]
    norm/add Add norm/mul_1 norm/sub
    p/MatMul MatMul norm/add | W
    sum Add x p/MatMul`);
  assertEquals(layers, ["norm norm <- ", "p/MatMul linear <- norm"]);
  assertEquals(joins.map(({ name, kind }) => [name, kind]), [["sum", "residual"]]);
});

Deno.test("operations on quantized numbers join as others do", () => {
  const { joins } = shown(`
    x QLinearConv | a.weight
    y QLinearConv x | b.weight
    sum QLinearAdd x y | scale[]
    both QLinearConcat x sum | other[]`);
  assertEquals(joins.map(({ name, kind }) => [name, kind]), [["sum", "residual"], [
    "both",
    "concat",
  ]]);
});

Deno.test("an added matrix is no bias, nor is a vector to what others take too", () => {
  const { layers } = shown(`
    m MatMul | W
    p Add m | P
    n MatMul p | V
    q Add n | b[4]
    r Mul q n`);
  assertEquals(layers, ["m linear <- ", "p tensor <- m", "n linear <- p", "q vector <- n"]);
});

Deno.test("weights reach their operation through those that only move them", () => {
  const { layers, contents } = shown(`
    conv/kernel/read Identity | conv/kernel
    conv/bias/read Identity | conv/bias[4]
    conv/Conv2D Conv2D conv/kernel/read
    conv/BiasAdd BiasAdd conv/Conv2D conv/bias/read
    t Transpose | dense
    dq DequantizeLinear t | s[]
    dense/MatMul MatMul conv/BiasAdd dq`);
  assertEquals(layers, [
    "conv convolution <- ",
    "dense/MatMul linear <- conv",
    "s constant <- ",
  ]);
  assertEquals(contents["conv"], ["conv/kernel", "conv/bias"]);
});

Deno.test("sizes, single numbers and what nothing uses are constants after the layers", () => {
  const { layers } = shown(`
    pad Pad | pads:I64[8]
    c Conv pad | c.weight
    r Reshape c | shape:I64[2]
    m Mul r | half[]
    s Resize m | scales[4]
    d Gemm s | d.weight`);
  assertEquals(layers, [
    "c convolution <- ",
    "d linear <- c",
    "pads constant <- ",
    "shape constant <- ",
    "half constant <- ",
    "scales constant <- ",
  ]);
});

Deno.test("a layer that is used twice is one, after both that it follows", () => {
  const { layers } = shown(`
    a Conv | a.weight
    b Conv a | b.weight
    h1 Conv a | head.weight
    h2 Conv b | head.weight
    end Concat h1 h2`);
  assertEquals(layers, [
    "a convolution <- ",
    "b convolution <- a",
    "head convolution <- a, b",
  ]);
});

const residual = `
    stem Conv | stem.weight
    r0 Relu stem
    c1 Conv r0 | 1.conv1.weight
    r1 Relu c1
    c2 Conv r1 | 1.conv2.weight
    add1 Add c2 r0
    r2 Relu add1
    c3 Conv r2 | 2.conv1.weight
    r3 Relu c3
    c4 Conv r3 | 2.conv2.weight
    down Conv r2 | 2.down.weight
    add2 Add c4 down
    fc Gemm add2 | fc.weight`;

Deno.test("sums around layers are residual, by identity or through fewer layers", () => {
  const { joins, layers } = shown(residual);
  assertEquals(joins, [
    {
      name: "add1",
      kind: "residual",
      from: ["stem"],
      branches: [["1.conv1", "1.conv2"], []],
      to: ["2.conv1", "2.down"],
    },
    {
      name: "add2",
      kind: "residual",
      from: ["add1"],
      branches: [["2.conv1", "2.conv2"], ["2.down"]],
      to: ["fc"],
    },
  ]);
  assertEquals(layers, [
    "stem convolution <- ",
    "1.conv1 convolution <- stem",
    "1.conv2 convolution <- 1.conv1",
    "2.conv1 convolution <- stem, 1.conv2",
    "2.conv2 convolution <- 2.conv1",
    "2.down convolution <- stem, 1.conv2",
    "fc linear <- 2.conv2, 2.down",
  ]);
});

Deno.test("Keras' layers join in the same way", () => {
  const { joins } = shown(`
    input InputLayer
    a Conv2D input | a/kernel
    b Conv2D a | b/kernel
    add Add b a
    top Dense add | top/kernel
    around Add top input`);
  assertEquals(
    joins.map(({ name, kind, from, branches, to }) => [name, kind, from, branches, to]),
    [
      ["add", "residual", ["a"], [["b"], []], ["top"]],
      ["around", "residual", [], [["a", "b", "top"], []], []],
    ],
  );
});

Deno.test("the skip connections of a U-Net are concatenations around what is deeper", () => {
  const { joins } = shown(`
    e1 Conv | e1.weight
    p1 MaxPool e1
    e2 Conv p1 | e2.weight
    p2 MaxPool e2
    mid Conv p2 | mid.weight
    u2 Resize mid
    j2 Concat u2 e2
    d2 Conv j2 | d2.weight
    u1 Resize d2
    j1 Concat e1 u1
    d1 Conv j1 | d1.weight`);
  assertEquals(
    joins.map(({ name, kind, from, branches, to }) => [name, kind, from, branches, to]),
    [
      ["j2", "concat", ["e2"], [["mid"], []], ["d2"]],
      ["j1", "concat", ["e1"], [[], ["e2", "mid", "d2"]], ["d1"]],
    ],
  );
});

Deno.test("parallel branches meet, and each has its layers", () => {
  const { joins } = shown(`
    s Conv | s.weight
    a Conv s | a.weight
    b1 Conv s | b1.weight
    b2 Conv b1 | b2.weight
    c MaxPool s
    c1 Conv c | c1.weight
    all Concat a b2 c1
    x Conv all | x.weight
    y Conv all | y.weight
    same Add x y`);
  assertEquals(
    joins.map(({ name, kind, from, branches, to }) => [name, kind, from, branches, to]),
    [
      ["all", "concat", ["s"], [["a"], ["b1", "b2"], ["c1"]], ["x", "y"]],
      ["same", "sum", ["all"], [["x"], ["y"]], []],
    ],
  );
});

const attention = `
    tokens Gather | wte.weight
    positions Gather | wpe.weight
    embed Add tokens positions
    size Shape embed
    mask ConstantOfShape size
    ln1 LayerNormalization embed | h.0.ln_1.weight[4] h.0.ln_1.bias[4]
    q MatMul ln1 | h.0.attn.q.weight
    k MatMul ln1 | h.0.attn.k.weight
    v MatMul ln1 | h.0.attn.v.weight
    kt Transpose k
    scores MatMul q kt
    masked Add scores mask
    soft Softmax masked
    mixed MatMul soft v
    o MatMul mixed | h.0.attn.o.weight
    add1 Add embed o
    ln2 LayerNormalization add1 | h.0.ln_2.weight[4]
    gate MatMul ln2 | h.0.mlp.gate.weight
    sig Sigmoid gate
    silu Mul gate sig
    up MatMul ln2 | h.0.mlp.up.weight
    gated Mul silu up
    down MatMul gated | h.0.mlp.down.weight
    add2 Add add1 down
    lnf LayerNormalization add2 | ln_f.weight[4]`;

Deno.test("a transformer's block: two residual sums, a gate, no join for its mask", () => {
  const { joins, layers } = shown(attention);
  assertEquals(
    joins.map(({ name, kind, from, branches, to }) => [name, kind, from, branches, to]),
    [
      ["embed", "sum", ["wte", "wpe"], [[], []], ["h.0.ln_1", "add1"]],
      [
        "add1",
        "residual",
        ["embed"],
        [[], ["h.0.ln_1", "h.0.attn.q", "h.0.attn.k", "h.0.attn.v", "h.0.attn.o"]],
        ["h.0.ln_2", "add2"],
      ],
      ["gated", "gate", ["h.0.ln_2"], [["h.0.mlp.gate"], ["h.0.mlp.up"]], ["h.0.mlp.down"]],
      [
        "add2",
        "residual",
        ["add1"],
        [[], ["h.0.ln_2", "h.0.mlp.gate", "h.0.mlp.up", "h.0.mlp.down"]],
        ["ln_f"],
      ],
    ],
  );
  assertEquals(layers.filter((layer) => /^(h.0.attn|ln_f)/.test(layer)), [
    "h.0.attn.q attention <- h.0.ln_1",
    "h.0.attn.k attention <- h.0.ln_1",
    "h.0.attn.v attention <- h.0.ln_1",
    "h.0.attn.o attention <- h.0.attn.q, h.0.attn.k, h.0.attn.v",
    "ln_f norm <- wte, wpe, h.0.attn.o, h.0.mlp.down",
  ]);
});

Deno.test("a graph that uses less than half of the elements is not the model's", () => {
  const { tensors, graph: given } = graph(`a Conv | b.weight`);
  const more = [tensor("a.weight", [4, 8]), ...tensors];
  assertEquals(arrange({ tensors: more, graph: given }).structure.order, "names");
});

Deno.test("an optimizer's tensors come after the graph's, and are none of its elements", () => {
  const { tensors, graph: given } = graph(`a Conv | b.weight`);
  const { layers, structure } = arrange({
    tensors: [tensor("Adam/b/weight", [99, 99]), ...tensors],
    graph: given,
  });
  assertEquals(structure.order, "graph");
  assertEquals(layers.map(({ name, kind }) => [name, kind]), [
    ["b", "convolution"],
    ["Adam/b", "optimizer"],
  ]);
});

Deno.test("names given twice, unknown ones, later ones and circles do no harm", () => {
  const { layers, joins } = shown(`
    a Conv b a nowhere | a.weight
    a Conv a | b.weight
    c Add a a d
    d Conv c | a.weight b.weight`);
  assertEquals(layers, ["a convolution <- ", "b convolution <- a"]);
  assertEquals(joins, []);
});

Deno.test("a layer named by its operation takes no other's name", () => {
  const { contents } = shown(`
    W Conv | w1
    /fc/MatMul MatMul W | w2
    /fc/MatMul_1 MatMul /fc/MatMul | w3
    x Conv /fc/MatMul_1 | W
    y Conv x | fc.weight
    /y/Conv Conv y | w4`);
  assertEquals(contents, {
    "w1": ["w1"],
    "fc.MatMul": ["w2"],
    "fc.MatMul_1": ["w3"],
    "x": ["W"],
    "fc": ["fc.weight"],
    "y": ["w4"],
  });
});

/** Time in ms and the structure of a graph of many nodes. */
function timed(nodes: GraphNode[], tensors: TensorInfo[]) {
  arrange({ tensors: tensors.slice(0, 100), graph: { nodes: nodes.slice(0, 100) } });
  const began = performance.now();
  const { layers, structure } = arrange({ tensors, graph: { nodes } });
  return { time: performance.now() - began, layers, structure };
}

Deno.test("a hundred thousand nodes of residual blocks are followed in linear time", () => {
  const nodes: GraphNode[] = [{ name: "in", op: "Conv", inputs: [], tensors: ["in.weight"] }];
  const tensors = [tensor("in.weight")];
  let last = "in";
  for (let i = 0; i < 25_000; i++) {
    const at = `blocks.${i}`;
    tensors.push(tensor(`${at}.a.weight`), tensor(`${at}.b.weight`));
    nodes.push(
      { name: `${at}.a`, op: "Conv", inputs: [last], tensors: [`${at}.a.weight`] },
      { name: `${at}.r`, op: "Relu", inputs: [`${at}.a`], tensors: [] },
      { name: `${at}.b`, op: "Conv", inputs: [`${at}.r`], tensors: [`${at}.b.weight`] },
      { name: `${at}.add`, op: "Add", inputs: [last, `${at}.b`], tensors: [] },
    );
    last = `${at}.add`;
  }
  const { time, layers, structure } = timed(nodes, tensors);
  assertEquals([layers.length, structure.joins.length], [50_001, 25_000]);
  assertEquals(structure.joins.at(-1)!.branches, [[], ["blocks.24999.a", "blocks.24999.b"]]);
  assertEquals(structure.blocks, [
    { pattern: "blocks.*", within: null, count: 25_000, layers: 2 },
  ]);
  assert(time < 5000, `${time} ms`);
});

Deno.test("graphs made to take long do not", () => {
  const nodes: GraphNode[] = [];
  const tensors: TensorInfo[] = [];
  // Two towers without a common source that are added again and again, everything reaching all.
  for (let i = 0; i < 20_000; i++) {
    const name = `n${i}`;
    tensors.push(tensor(`${name}.weight`));
    nodes.push({
      name,
      op: "Conv",
      inputs: i < 2 ? [] : [`n${i - 2}`],
      tensors: [`${name}.weight`],
    });
    const inputs = [`n${i}`, `n${i - 1}`, `s${i - 1}`];
    nodes.push({ name: `s${i}`, op: "Add", inputs, tensors: [] });
  }
  const { time, layers } = timed(nodes, tensors);
  assertEquals(layers.length, 20_000);
  assert(time < 5000, `${time} ms`);
});
