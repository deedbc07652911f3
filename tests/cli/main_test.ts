import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "./run.ts";

Deno.test("--help explains the program and each of its verbs", async () => {
  const { code, stdout } = await run("--help");
  assertEquals(code, 0);
  const verbs = ["serve", "render", "inspect"];
  for (const verb of verbs) assert(stdout.includes(verb));
  for (const { code, stdout } of await Promise.all(verbs.map((verb) => run(verb, "--help")))) {
    assertEquals(code, 0);
    assertMatch(stdout, /Usage: .*\n[^]*--help[^]*Examples:/);
  }
});

for (
  const [args, code, words] of [
    [["draw"], 2, /"draw".*serve, ingest, render, export, inspect, forward, automaton/],
    [["serve", "--prot", "1"], 2, /^synaptile: there is no option --prot; serve knows .*--port/],
    [["serve", "--port"], 2, /^synaptile: --port needs a value: --port PORT$/m],
    [["serve", "-p", "--open"], 2, /^synaptile: -p needs a value: -p PORT, found --open$/m],
    [["serve", "--port", "-1"], 2, /--port -1 is not a whole number from 0/],
    [["serve", "--open=yes"], 2, /^synaptile: --open takes no value, found yes$/m],
    [
      ["serve", "--backend", "cuda"],
      2,
      /^synaptile: --backend cuda is not one of auto, wasm, gpu$/m,
    ],
    [
      ["render", "fixtures/models/burn-mnist.safetensors", "fc1", "-o", "x.png", "--backend", ""],
      2,
      /--backend {2}is not one of auto/,
    ],
    [
      [
        "export",
        "fixtures/models/burn-mnist.safetensors",
        "fc1",
        "-o",
        "x.dzi",
        "--backend",
        "cpu",
      ],
      2,
      /--backend cpu is not one of/,
    ],
    [["serve", "--port", "70000"], 2, /70000.*0 to 65535/],
    [["serve", "--public-url", "here"], 2, /here.*http/],
    [["serve", "nowhere.safetensors"], 1, /nowhere\.safetensors/],
    [["inspect"], 2, /one file/],
    [["inspect", "fixtures/models"], 2, /holds \d+ models, ask for one[^]*burn-mnist\.safetensors/],
    [["inspect", "nowhere.npy"], 1, /nowhere\.npy/],
    [["render", "nowhere.npy"], 2, /MODEL and LAYER/],
    [["render", "nowhere.npy", "x"], 2, /-o FILE/],
    [["render", "fixtures/models/burn-mnist.safetensors", "fc1", "-o", "tile.gif"], 2, /\.png/],
    [["render", "fixtures/models/burn-mnist.safetensors", "none", "-o", "t.png"], 1, /none/],
    [
      ["render", "fixtures/models", "fc1", "-o", "t.png"],
      2,
      /holds \d+ models, ask for one[^]*burn-mnist\.safetensors/,
    ],
    [
      ["render", "fixtures/models/burn-mnist.safetensors", "fc1", "-o", "t.png", "--param", "x"],
      2,
      /K=V/,
    ],
    [
      ["render", "fixtures/models/burn-mnist.safetensors", "fc1", "-o", "t.png", "--param", "x=1"],
      2,
      /unknown parameter "x".*colormap/,
    ],
  ] as const
) {
  Deno.test(`"${args.join(" ")}" ends with ${code} and a sentence`, async () => {
    const found = await run(...args);
    assertEquals([found.code, found.stdout], [code, ""], found.stderr);
    assertMatch(found.stderr, words);
    assert(!/^\s+at /m.test(found.stderr), `no stack: ${found.stderr}`);
  });
}
