import { assert, assertEquals } from "@std/assert";
import { gguf } from "../../src/formats/gguf.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { inFolder } from "../storage/folder.ts";
import { concat } from "./build.ts";
import { ggufFile, list as listOf, pair, text } from "./gguf_build.ts";
import { COUNT, sparse } from "./sparse.ts";

function repeat(bytes: Uint8Array, times: number): Uint8Array {
  const whole = new Uint8Array(bytes.length * times);
  for (let i = 0; i < times; i++) whole.set(bytes, i * bytes.length);
  return whole;
}

Deno.test("gguf: a header is read in few reads, and what can be skipped is not read", async () => {
  const pairs = [
    pair("scores", 9, concat(listOf(6, 5_000_000), new Uint8Array(20_000_000))),
    pair("tokens", 9, concat(listOf(8, 400_000), repeat(text("word"), 400_000))),
  ];
  const tensors = [{ name: "a", dims: [64] }];
  const bytes = ggufFile({ pairs, tensors, data: 256 });
  const source = new MeteredSource(new MemorySource("long", bytes));
  const { metadata } = await gguf.list(source);
  assertEquals(metadata["tokens"], { count: 400_000, first: ["word", "word", "word", "word"] });
  assertEquals(metadata["scores"], { count: 5_000_000, first: [0, 0, 0, 0] });
  assert(source.bytes <= 4_800_000 + (1 << 20), `${source.bytes} bytes read`);
  assert(source.reads <= 12, `${source.reads} reads`);
});

Deno.test("gguf: 10,000 tensors in 10 GB open in 300 ms, 2 MB of reading and 50 MB of memory", () =>
  inFolder(async (folder) => {
    const path = sparse["gguf"]!(folder);
    let best = Infinity;
    for (let run = 0; run < 5 && best > 100; run++) {
      const before = Deno.memoryUsage().rss;
      const start = performance.now();
      const source = new MeteredSource(new FileSource(path));
      const { tensors, views } = await gguf.list(source);
      best = Math.min(best, performance.now() - start);
      assertEquals([tensors.length, views?.length], [COUNT, COUNT]);
      assert(source.bytes <= 2e6, `${source.bytes} bytes read`);
      assert(Deno.memoryUsage().rss - before <= 50e6, "too much memory");
      source.close();
    }
    assert(best <= 300, `opened in ${best.toFixed(1)} ms at best`);
  }));
