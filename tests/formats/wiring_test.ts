import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Operation, wire } from "../../src/formats/wiring.ts";

const operation = (
  name: string,
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
): Operation => ({ name, op, inputs, outputs });
const passes = (op: string) => op === "Pass";

Deno.test("wire: nodes come after those they take from, otherwise in the given order", () => {
  const name = fc.integer({ min: 0, max: 30 }).map(String);
  const given = fc.uniqueArray(fc.tuple(name, fc.array(name)), { selector: ([name]) => name });
  fc.assert(
    fc.property(given, (rows) => {
      // Acyclic: each takes from smaller numbers only.
      const operations = rows.map(([name, inputs]) =>
        operation(name, "op", inputs.filter((input) => Number(input) < Number(name)), [name])
      );
      const { nodes } = wire(operations, new Map(), passes);
      const names = nodes.map((node) => node.name);
      assertEquals(names.toSorted(), operations.map((node) => node.name).toSorted());
      for (const [i, node] of nodes.entries()) {
        const { inputs } = operations.find(({ name }) => name === node.name)!;
        assertEquals(
          node.inputs,
          [...new Set(inputs)].filter((input) => names.includes(String(input))),
        );
        for (const input of node.inputs) assert(names.indexOf(input) < i);
      }
      const inOrder = nodes.map(({ name }) => operations.find((given) => given.name === name)!);
      const again = wire(inOrder, new Map(), passes);
      assertEquals(again.nodes.map((node) => node.name), names);
    }),
  );
});

Deno.test("wire: loops lose the edge that leads back", () => {
  const { nodes } = wire(
    [
      operation("merge", "Merge", ["start", "again"], ["m"]),
      operation("next", "Next", ["m"], ["again"]),
      operation("self", "Self", ["s"], ["s"]),
    ],
    new Map(),
    passes,
  );
  const edges = nodes.map(({ name, inputs }) => [name, ...inputs]);
  assertEquals(edges, [["next"], ["merge", "next"], ["self"]]);
});

Deno.test("wire: constants go through what passes them on, and nothing else does", () => {
  const operations = [
    operation("", "Pass", ["w"], ["w1"]),
    operation("", "Pass", ["w1", "scale"], ["w2"]),
    operation("", "Use", ["x", "w2"], ["y"]),
    operation("", "Pass", ["y"], ["z"]),
    operation("", "Use", ["z", "w"], ["end"]),
  ];
  const constants = new Map([["w", "weight"], ["scale", "weight.scale"]]);
  assertEquals(wire(operations, constants, passes).nodes, [
    { name: "Use_0", op: "Use", inputs: [], tensors: ["weight", "weight.scale"] },
    { name: "Pass_0", op: "Pass", inputs: ["Use_0"], tensors: [] },
    { name: "Use_1", op: "Use", inputs: ["Pass_0"], tensors: ["weight"] },
  ]);
});

Deno.test("wire: names are unique, and those that the file gives come first", () => {
  const names = ["", "Add_0", "a", "a", "", "a_0"];
  const operations = names.map((name, i) => operation(name, "Add", [], [`${i}`]));
  const { nodes } = wire(operations, new Map(), passes);
  assertEquals(nodes.map(({ name }) => name), ["Add_1", "Add_0", "a", "a_1", "Add_2", "a_0"]);
});

Deno.test("wire: long chains, backwards and of constants, take no time and no stack", () => {
  const count = 100_000;
  const chain = Array.from(
    { length: count },
    (_, i) => operation("", "Pass", [`${i}`, `c${i}`], [`${i + 1}`]),
  );
  const constants = new Map(Array.from({ length: count }, (_, i) => [`c${i}`, `t${i}`]));
  const start = performance.now();
  assertEquals(wire(chain.toReversed(), new Map(), passes).nodes.length, count);
  const folded = wire(chain, new Map([...constants, ["0", "t"]]), passes);
  assert(folded.nodes.length > 0 && folded.nodes.every(({ tensors }) => tensors.length <= 65));
  assert(performance.now() - start < 3000);
});
