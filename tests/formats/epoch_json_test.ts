import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { FormatError } from "../../src/errors.ts";
import { epochJson } from "../../src/formats/epoch_json.ts";
import { openModel } from "../../src/model/open.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { utf8 } from "./build.ts";
import { flipped } from "./flipped.ts";
import { refused } from "./refused.ts";
import { valuesOf } from "./values.ts";

const fixture = new URL("../../fixtures/epoch_json/epoch3.json", import.meta.url);
const list = (text: string) => epochJson.list(new MemorySource("given", utf8(text)));

Deno.test("epoch-json: a file as the converter makes it reads as NumPy wrote it", async () => {
  const expected = JSON.parse(Deno.readTextFileSync(new URL("expected.json", fixture)));
  const model = await openModel(fixture.pathname);
  assertEquals(model.format, "epoch-json");
  assertEquals(model.metadata, { class: 'cat "x"' });
  assertEquals(model.tensors.map(({ name }) => name), Object.keys(expected));
  for (const tensor of model.tensors) {
    const { shape, first, sum } = expected[tensor.name];
    const numberOf = (text: string) => Number(text.replace("inf", "Infinity"));
    const values = await valuesOf(tensor);
    assertEquals(tensor.shape, shape);
    assertEquals([...values.subarray(0, 8)], first.map(numberOf), tensor.name);
    const found = values.filter(Number.isFinite).reduce((sum, value) => sum + value, 0);
    assert(Math.abs(found - sum) < 1e-9, `${tensor.name}: ${found} != ${sum}`);
  }
  model.close();
});

Deno.test("epoch-json: layers come in the list's order, one after the other", async () => {
  const { graph } = await epochJson.list(
    new MemorySource("epoch3.json", Deno.readFileSync(fixture)),
  );
  assertEquals(graph!.nodes.map(({ name, op, inputs }) => [name, op, ...inputs]), [
    ["input", "input"],
    ["conv0", "conv", "input"],
    ["maxpool0", "maxpool", "conv0"],
    ["dense0", "dense", "maxpool0"],
    ["out", "out", "dense0"],
  ]);
  assertEquals(graph!.nodes[1]!.tensors, ["conv0/weights"]);
});

Deno.test("epoch-json: lists may be flat, numbers alone, tensors empty", async () => {
  const { tensors } = await list(
    '[["c","a",[2,2],[1,2,3,4],[],5 ] , ["c","b",[0],[],[1,3],[[NaN,-1e3,0.5]]]]\n',
  );
  const values = await Promise.all(tensors.map(async (tensor) => [...await valuesOf(tensor)]));
  assertEquals(values, [[1, 2, 3, 4], [5], [], [NaN, -1000, 0.5]]);
  assertEquals((await list("[]")).tensors, []);
});

Deno.test("epoch-json: claims files by their first tuple, or by their name alone", () => {
  const claims = (text: string, name = "a.json") => epochJson.claims(utf8(text), name);
  assert(claims("", "jsons/3/epoch12.json"));
  assert(claims(' [\n["cat", "in\\"put", [1, 2'));
  assert(!claims('[["cat", "input", [1]', "a.txt"));
  for (const text of ["", "[]", '[["cat", [1]', '{"a":[["cat","input",[']) assert(!claims(text));
});

const one = (shape: string, values: string) => () => utf8(`[["c","a",${shape},${values},[0],[]]]`);
const file = epochJson;
refused("an empty file", file, () => utf8(""), "text at byte 0 is the end", '"["');
refused("an object", file, () => utf8("{}"), 'text at byte 0 is "{"');
refused("a tuple that is an object", file, () => utf8("[{}]"), 'text at byte 1 is "{"');
refused("a class that is no string", file, () => utf8("[[3]]"), 'text at byte 2 is "3"');
refused("a string without end", file, () => utf8('[["c'), "the end of what", "begins");
refused("a string of 5000", file, () => utf8(`[["${"c".repeat(5000)}"`), "at most 4096 bytes");
refused("a string with a line break", file, () => utf8('[["c\n"'), "expected JSON");
refused("a missing comma", file, () => utf8('[["c""a"]]'), 'is "\\"", expected ","');
refused("a shape of text", file, one('["2"]', "[1,2]"), 'tensor "a/weights" shape is ["2"]');
refused("a shape in a shape", file, one("[[2]]", "[1,2]"), "expected JSON");
refused("a negative side", file, one("[-2]", "[1,2]"), "shape is [-2]");
refused("a product beyond 2^53", file, one("[1e9,1e9]", "[]"), "2^53");
refused("fewer numbers", file, one("[3]", "[1,2]"), "is 2 numbers, expected 3 for [3]");
refused("more numbers", file, one("[2]", "[1,2,3]"), "is 3 numbers, expected 2");
refused("numbers that are text", file, one("[1]", '["1"]'), 'is "\\"", expected a number');
refused("numbers that are null", file, one("[1]", "null"), 'is "u", expected ","');
refused("a list without end", file, () => utf8('[["c","a",[1],[1'), "the end of a list");
refused("a list 100,000 deep", file, one("[1]", "[".repeat(1e5)), "nested at most 64 deep");
refused("a tuple of seven", file, () => utf8('[["c","a",[0],[],[0],[],1]]'), 'expected "]"');
refused("text after the end", file, () => utf8("[] x"), 'is "x", expected the end');

Deno.test("epoch-json: words that are no numbers are refused once they are read", async () => {
  const { tensors } = await list('[["c","a",[2],[1,1.5.5],[0],[]]]');
  const error = await assertRejects(() => valuesOf(tensors[0]!), FormatError);
  assertStringIncludes(error.message, 'it holds "1.5.5", which is no number');
});

flipped(
  "epoch-json",
  () => utf8('[["c","a",[2,2],[[1,2],[3,4]],[1],[5]],["c","b",[1],[6],[2],[7,-8e9]]]'),
  async (bytes) => {
    const { tensors } = await epochJson.list(new MemorySource("flipped", bytes));
    for (const tensor of tensors) await valuesOf(tensor);
  },
  { numRuns: 2000, values: fc.integer({ min: 9, max: 126 }) },
);

Deno.test("epoch-json: 10,000 tensors open in 300 ms, each byte read once", async () => {
  const row = (i: number) => `["cat","dense${i}",[8,8],[${"0.125,".repeat(63)}1],[1,2],[[3,4]]]`;
  const bytes = utf8(`[${Array.from({ length: 5000 }, (_, i) => row(i)).join(", ")}]`);
  let best = Infinity;
  for (let run = 0; run < 10 && best > 300; run++) {
    const start = performance.now();
    const source = new MeteredSource(new MemorySource("epoch0.json", bytes));
    const { tensors } = await epochJson.list(source);
    best = Math.min(best, performance.now() - start);
    assertEquals(tensors.length, 10_000);
    assertEquals(source.bytes, bytes.length);
    assert(source.reads <= bytes.length / (1 << 20) + 2);
  }
  assert(best <= 300, `opened in ${best.toFixed(1)} ms at best`);
});
