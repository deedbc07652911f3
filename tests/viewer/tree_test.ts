import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LayerEntry } from "../../src/viewer/api.ts";
import { buildTree, pathTo, search, type TreeNode } from "../../src/viewer/tree.ts";

const layer = (name: string, tensors: string[] = [`${name}.weight`]): LayerEntry => ({
  name,
  kind: "linear",
  role: name.endsWith("mlp") ? "mlp.up" : null,
  aliases: [],
  views: [],
  shape: [2, 3],
  dtype: "F32",
  parameters: 6,
  modes: ["weights"],
  tensors,
});

const outline = (nodes: readonly TreeNode[]): unknown[] =>
  nodes.map(({ label, children }) => children.length > 0 ? [label, outline(children)] : label);

const everyNode = (nodes: readonly TreeNode[]): TreeNode[] =>
  nodes.flatMap((node) => [node, ...everyNode(node.children)]);

const gpt = buildTree(
  ["wte", "h.0.attn.qkv", "h.0.mlp", "h.1.attn.qkv", "h.1.mlp"].map((name) =>
    layer(`model.${name}`)
  ),
);

Deno.test("names become branches; those between which nothing branches are one", () => {
  assertEquals(outline(gpt), [
    ["model", [
      "wte",
      ["h", [["0", ["attn.qkv", "mlp"]], ["1", ["attn.qkv", "mlp"]]]],
    ]],
  ]);
});

Deno.test("a layer of several tensors has them as leaves", () => {
  const [node] = buildTree([layer("fc", ["fc.weight", "fc.bias"])]);
  assertEquals(node!.children.map(({ label, target }) => [label, target]), [
    ["weight", "fc.weight"],
    ["bias", "fc.bias"],
  ]);
});

Deno.test("names that are tied to a layer are its leaves, and are found", () => {
  const tied = buildTree([{ ...layer("wte"), aliases: ["lm_head.weight"] }]);
  assertEquals(outline(tied), [["wte", ["= lm_head.weight"]]]);
  assertEquals(search(tied, "head").map(({ target }) => target), ["lm_head.weight"]);
});

Deno.test("a search finds roles", () => {
  const found = search(gpt, "mlp.up 0").map(({ target }) => target);
  assertEquals(found, ["model.h.0.mlp"]);
});

Deno.test("parameters add up over a branch", () => {
  assertEquals(gpt[0]!.parameters, 30);
});

Deno.test("a search finds every word anywhere in the name, shorter names first", () => {
  const found = (query: string) => search(gpt, query).map(({ target }) => target);
  assertEquals(found("QKV 1"), ["model.h.1.attn.qkv"]);
  assertEquals(found("mlp"), ["model.h.0.mlp", "model.h.1.mlp"]);
  assertEquals(found("nothing"), []);
  assertEquals(search(gpt, "model", 2).length, 2);
});

Deno.test("the way to a layer names the branches above it", () => {
  assertEquals(pathTo(gpt, "model.h.1.mlp"), ["model", "model.h", "model.h.1", "model.h.1.mlp"]);
  assertEquals(pathTo(gpt, "no such layer"), []);
});

Deno.test("every layer can be chosen, whatever its name, and no two nodes share a path", () => {
  const part = fc.oneof(
    fc.string({ maxLength: 6, unit: "grapheme" }),
    fc.constantFrom(".", "/", "0"),
  );
  const names = fc.uniqueArray(fc.array(part, { maxLength: 5 }).map((parts) => parts.join(".")));
  fc.assert(fc.property(names, (names) => {
    const nodes = everyNode(buildTree(names.map((name) => layer(name))));
    const targets = nodes.map(({ target }) => target).filter((target) => target !== null);
    assertEquals(targets.toSorted(), names.toSorted());
    assertEquals(new Set(nodes.map(({ path }) => path)).size, nodes.length);
  }));
});
