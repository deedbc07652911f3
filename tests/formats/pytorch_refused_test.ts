import { assertEquals, assertRejects } from "@std/assert";
import { FormatError } from "../../src/errors.ts";
import { elementCount } from "../../src/formats/format.ts";
import { pytorch } from "../../src/formats/pytorch.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { concat, utf8, zipFile } from "./build.ts";
import { flipped } from "./flipped.ts";
import {
  call,
  checkpoint,
  type Code,
  dict,
  global,
  type Item,
  item,
  legacy,
  list,
  op,
  pickle,
  storage,
  tensor,
  tuple,
} from "./pytorch_build.ts";
import { refused } from "./refused.ts";
import { valuesOf } from "./values.ts";

const wrong = (what: string, value: Item, ...parts: readonly string[]) => {
  refused(what, pytorch, () => checkpoint(value), ...parts);
  refused(`${what}, in the older form,`, pytorch, () => legacy(value), ...parts);
};

// What loading would run elsewhere; here nothing runs, and the owner gets to know the name.

const shell = (module: string) => [global(module, "system"), item("touch /tmp/owned")] as const;
for (const module of ["os", "posix", "nt"]) {
  const [system, command] = shell(module);
  wrong(`${module}.system by REDUCE`, concat(system, tuple(command), op("R")), `${module}.system`);
  wrong(`${module}.system by OBJ`, concat(op("("), system, command, op("o")), `${module}.system`);
  wrong(
    `${module}.system by INST`,
    concat(op("("), command, utf8(`i${module}\nsystem\n`)),
    `${module}.system`,
  );
  wrong(
    `${module}.system by STACK_GLOBAL`,
    concat(item(module), item("system"), op(0x93), tuple(command), op("R")),
    `${module}.system`,
  );
  wrong(`${module}.system by NEWOBJ`, concat(system, tuple(command), op(0x81)), `${module}.system`);
  wrong(`a mention of ${module}.system`, dict({ hook: system }), `mention of ${module}.system`);
}
for (
  const [module, name] of [
    ["builtins", "eval"],
    ["builtins", "exec"],
    ["builtins", "getattr"],
    ["builtins", "__import__"],
    ["__builtin__", "compile"],
    ["subprocess", "Popen"],
    ["importlib", "import_module"],
    ["importlib._bootstrap", "_exec"],
    ["runpy", "run_path"],
    ["pickle", "loads"],
    ["operator", "attrgetter"],
    ["ctypes", "CDLL"],
    ["torch", "load"],
    ["torch.storage", "_load_from_bytes"],
    ["torch.hub", "load"],
    ["torch", "os.system"],
    ["torch._utils", "_import_dotted_name"],
    ["numpy", "load"],
    ["numpy.testing._private.utils", "runstring"],
    ["__main__", "Net"],
    ["my.module", "function"],
    ["torch._utils", "_rebuild_tensor_v2.__globals__"],
    ["collections", "OrderedDict.__init__.__globals__"],
  ]
) {
  const name2 = `${module === "__builtin__" ? "builtins" : module}.${name}`;
  wrong(`a call of ${module}.${name}`, call(module!, name!, "argument"), name2);
}
wrong(
  "a chain of getattr to what is not named,",
  concat(
    global("builtins", "getattr"),
    tuple(call("builtins", "getattr", global("torch", "nn"), "os"), "system"),
    op("R"),
  ),
  "builtins.getattr",
);
wrong("a call of what a call gives", concat(tensor([1]), tuple(), op("R")), "a call of data");
wrong(
  "a call without a tuple",
  concat(global("collections", "OrderedDict"), op("NR")),
  "arguments",
);
wrong(
  "a subclass rebuilt by another function",
  call(
    "torch._tensor",
    "_rebuild_from_type_v2",
    global("my", "function"),
    global("my", "T"),
    tuple(),
    dict({}),
  ),
  "my.function",
);
wrong(
  "a subclass rebuilt as a subclass",
  call(
    "torch._tensor",
    "_rebuild_from_type_v2",
    global("torch._tensor", "_rebuild_from_type_v2"),
    global("my", "T"),
    tuple(),
    dict({}),
  ),
  "_rebuild_from_type_v2",
);
wrong("an extension code", concat(op(0x82, 1)), "EXT1");
wrong("a persistent id as text", utf8("P5\n"), "PERSID");
wrong("a buffer out of band", op(0x97), "NEXT_BUFFER");
wrong("an unknown opcode", op(0xff), "0xff");
wrong("a newer protocol", op(0x80, 9), "protocol 9");
wrong("a global of numbers", concat(item(1), item(2), op(0x93)), "two names");
wrong("a long name", global("a".repeat(2000), "b"), "1024 characters");

// Stack, memo and operands.

wrong("an empty stack", op("a"), "an empty stack");
wrong("an operand below the mark", concat(item(1), op("(R")), "an empty stack");
wrong("a missing mark", op("t"), "no mark");
wrong("a memo far out", op("Nr", 0xff, 0xff, 0xff, 0xff), "memo 4294967295");
wrong("a missing memo", op("h", 3), "memo 3");
wrong("a text memo", utf8("gx\n"), "no integer");
wrong("a negative memo", utf8("Np-1\n"), "memo -1");
wrong("appending to a number", concat(item(1), item(2), op("a")), "no list");
wrong("storing in a list", concat(op("]"), item(1), item(2), op("s")), "no dict");
wrong("a key without a value", concat(op("}("), item(1), op("u")), "a key without");
wrong("a state for a number", concat(item(1), op("}b")), "a state of 1");
wrong("a large integer", concat(op(0x8b), op(0, 0, 1, 0), new Uint8Array(65536)), "65536 bytes");
wrong("many digits", utf8(`L${"9".repeat(5000)}L\n`), "5001 digits");
wrong("a number that is none", utf8("Ix\n"), "no integer");
wrong("a float that is none", utf8("Fx\n"), "no float");
wrong(
  "two million marks",
  concat(new Uint8Array(2_000_000).fill("(".charCodeAt(0))),
  "full stack",
);
wrong("two million values", new Uint8Array(2_000_000).fill("N".charCodeAt(0)), "full stack");
wrong(
  "two million dicts",
  concat(...new Array(1100).fill(concat(op("("), new Uint8Array(1000).fill(0x7d), op("1")))),
  "one more object",
);
wrong(
  "nine million opcodes",
  new Uint8Array(9_000_000).map((_, i) => i % 2 ? 0x30 : 0x4e),
  "more opcode",
);
wrong(
  "a list of pairs that is copied without end",
  concat(
    op("]q", 0, "("),
    ...new Array(1000).fill(tuple(1, 2)),
    op("e0"),
    ...new Array(2000).fill(concat(global("collections", "OrderedDict"), op("h", 0, 0x85, "R0"))),
  ),
  "one more object",
);
for (const [what, code] of Object.entries({ LONG4: 0x8b, BINUNICODE: 0x58, BINBYTES: 0x42 })) {
  const cut = op(code, 0xff, 0xff, 0xff, 0x7f);
  const parts = what === "LONG4" ? ["2147483647 bytes"] : ["cut off"];
  wrong(`${what} of two gigabytes`, cut, ...parts);
}
wrong("BINUNICODE8 beyond every file", op(0x8d, ...new Array(8).fill(0xff)), "cut off");
wrong("a line without an end", utf8("cos"), "pickle");

const array = concat(call("numpy.core.multiarray", "_reconstruct"), tuple(1), op("b"));
for (
  const [what, leaf] of [["tensors", tensor([1])], ["arrays", array], ["nothing", op("}")]] as const
) {
  Deno.test(`pytorch: lists of ${what}, shared twice over, are refused, not unfolded`, async () => {
    // Level by level [x, x]: 2^40 values in 300 bytes.
    const level = (n: number): Code => concat(op("]q", n, "(h", n - 1, "h", n - 1, "e"));
    const levels = Array.from({ length: 40 }, (_, i) => level(i + 1));
    const bomb = concat(op("]q", 0), leaf, op("a"), ...levels);
    const source = new MemorySource("bomb.pt", checkpoint(bomb));
    const rule = what === "nothing" ? "values in the pickle is" : "tensors is";
    await assertRejects(() => pytorch.list(source), FormatError, rule);
  });
}

// Persistent ids and tensors.

const id = (...parts: Item[]) => concat(tuple(...parts), op("Q"));
const float = global("torch", "FloatStorage");
wrong("a persistent id that is text", concat(item("storage"), op("Q")), "persistent id");
wrong("another kind of persistent id", id("file", float, "0", "cpu", 6), "persistent id");
wrong("a key that is a number", id("storage", float, 0, "cpu", 6), "persistent id");
wrong("a location that is a number", id("storage", float, "0", 1, 6), "persistent id");
wrong("a negative count", id("storage", float, "0", "cpu", -1), "persistent id");
wrong("a huge count", id("storage", float, "0", "cpu", 2n ** 60n), "persistent id");
wrong("a view outside", storage("FloatStorage", "0", 6, tuple("v", 4, 3)), "storage's view");
refused(
  "a class that is no storage",
  pytorch,
  () => checkpoint(storage("Banana", "0", 6)),
  "class of storages",
);
refused("a missing storage", pytorch, () => checkpoint(tensor([1]), {}), "missing");
refused(
  "a storage that is cut",
  pytorch,
  () => checkpoint(tensor([6]), { 0: new Uint8Array(20) }),
  "24",
  "20",
);
wrong("a tensor beyond its storage", dict({ w: tensor([7]) }), 'tensor "w"', "7 elements", "24");
wrong("an offset beyond", dict({ w: tensor([2], { offset: 5 }) }), 'tensor "w" offset is 5');
wrong("a negative offset", tensor([2], { offset: -1 }), "offset is -1");
wrong("an offset that is text", tensor([2], { offset: "1" }), 'offset is "1"');
wrong("strides beyond", tensor([2, 2], { stride: [4, 3] }), "8 elements");
wrong("a negative stride", tensor([2], { stride: [-1] }), "stride is [-1]");
wrong("a huge stride", tensor([2], { stride: [2n ** 53n] }), "stride");
wrong("strides of another number", tensor([2], { stride: [1, 1] }), "1 integers");
wrong("strides whose span is inexact", tensor([2 ** 40, 2], { stride: [2 ** 40, 1] }), "offset");
wrong("a negative side", tensor([-2]), "size is [-2]");
wrong("sides whose product is inexact", tensor([2 ** 40, 2 ** 40]), "2^53");
wrong(
  "a size that is no tuple",
  call("torch._utils", "_rebuild_tensor", storage("FloatStorage", "0", 6), 0, 5, tuple(1)),
  "size is 5",
);
refused(
  "a tensor of no storage",
  pytorch,
  () => checkpoint(call("torch._utils", "_rebuild_tensor", 5, 0, tuple(1), tuple(1))),
  "storage is 5",
);
wrong(
  "an element type that is a class",
  call(
    "torch._utils",
    "_rebuild_tensor_v3",
    ...[storage("FloatStorage", "0", 6), 0, tuple(1), tuple(1), false, null],
    global("my", "dtype"),
  ),
  "my.dtype",
);
wrong(
  "a scale that is text",
  call(
    "torch._utils",
    "_rebuild_qtensor",
    ...[storage("QInt8Storage", "0", 6), 0, tuple(1), tuple(1)],
    tuple(global("torch", "per_tensor_affine"), "big", 0),
  ),
  "scale",
);

Deno.test("pytorch: strides of zero repeat elements, but not without end", async () => {
  const of = (side: number) =>
    pytorch.list(new MemorySource("x.pt", checkpoint(tensor([side], { stride: [0] }))));
  const [found] = (await of(1000)).tensors;
  assertEquals([found!.shape, found!.strides, found!.bytes], [[1000], [0], 4]);
  const { tensors, ignored } = await of(2 ** 50);
  assertEquals(tensors, []);
  assertEquals(ignored, [{
    name: "x",
    reason: "its 1125899906842624 elements repeat those of 24 bytes",
  }]);
});

// The containers around.

const zip = (members: Readonly<Record<string, Uint8Array>>) => () =>
  zipFile(Object.entries(members).map(([name, data]) => ({ name, data })));
const object = pickle(tensor([1]));
refused("an archive without an object", pytorch, zip({ "x/version": utf8("3") }), "none data.pkl");
refused("an empty object", pytorch, zip({ "x/data.pkl": utf8("") }), "cut off after 0 bytes");
refused("an object that is cut", pytorch, zip({ "x/data.pkl": object.subarray(0, -1) }), "cut off");
refused(
  "another byte order",
  pytorch,
  () => checkpoint(tensor([1]), undefined, { byteorder: utf8("middle") }),
  '"middle"',
);
refused(
  "a byte order of many bytes",
  pytorch,
  () => checkpoint(tensor([1]), undefined, { byteorder: new Uint8Array(1000) }),
  "1000 bytes",
);
refused(
  "an object that deflates too well",
  pytorch,
  () => zipFile([{ name: "x/data.pkl", data: new Uint8Array(100_000_000), deflate: true }]),
  "100000000",
);
refused("the magic number alone", pytorch, () => legacy(null).subarray(0, 15), "cut off");
refused("another version", pytorch, () => legacy(null, [], { version: 1002 }), "1002");
refused("a key of no storage", pytorch, () => legacy(null, ["0"]), 'storage "0"');
refused("a key given twice", pytorch, () => legacy(tensor([1]), ["0", "0"]), "given twice");
refused("a storage without a key", pytorch, () => legacy(tensor([1]), []), "missing");
refused(
  "another count",
  pytorch,
  () => legacy(tensor([1]), ["0"], { count: 5n, tail: 1 }),
  "5 elements",
);
refused(
  "a storage cut off",
  pytorch,
  () => legacy(tensor([1])).subarray(0, -1),
  "that of the file",
);
refused(
  "keys that are no list",
  pytorch,
  () => concat(legacy(null, []).subarray(0, -pickle(list()).length), pickle(5)),
  "storage keys",
);

const alone = (name: string, bytes: Uint8Array, message: string) =>
  Deno.test(`pytorch: ${name} is refused`, async () => {
    const source = new MemorySource(name, bytes);
    await assertRejects(() => pytorch.list(source), FormatError, message);
  });
const tar = new Uint8Array(512);
tar.set(utf8("ustar"), 257);
alone("a.pt", tar, "tar archive");
alone("b.pt", op(0x80, 2, "N."), "without PyTorch's magic");
alone("c.pt", utf8("hello"), "no form of PyTorch's");
alone("d.pt", utf8(""), "no form of PyTorch's");

for (const name of ["kinds.pt", "kinds-deflated.pt", "kinds-legacy.pth", "module.pt"]) {
  flipped(
    `pytorch: ${name}`,
    () => Deno.readFileSync(new URL(`../../fixtures/pytorch/${name}`, import.meta.url)),
    async (bytes) => {
      const { tensors } = await pytorch.list(new MemorySource(name, bytes));
      for (const tensor of tensors) {
        if (elementCount(tensor.shape) < 10_000) await valuesOf(tensor);
      }
    },
    { numRuns: 500 },
  );
}
