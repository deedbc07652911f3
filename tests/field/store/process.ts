/**
 * Another process at a store, for tests: `deno run -A process.ts ROOT CONTENT VERB …`. Says "ready"
 * once it has begun what the verb says, and stays until it is killed or its input ends.
 */
import { ModelStore } from "../../../src/field/store.ts";

const [root, content, verb] = Deno.args;
const store = ModelStore.open(root!, JSON.parse(content!));
if (verb === "lock") console.log(store.tryLock(0) ? "ready" : "refused");
else if (verb === "write") {
  for (let i = 0; i < 200; i++) {
    store.writePart(0, i % 10, new Uint8Array(1000).fill(i % 10));
    store.writeRecord(0, { filler: "x".repeat(5000) });
  }
  console.log("ready");
} else if (verb === "churn") {
  for (let i = 0;; i++) {
    store.writeRecord(0, { filler: "x".repeat(50_000) });
    store.writePart(0, i % 10, new Uint8Array(100_000).fill(i % 10));
    if (i === 0) console.log("ready");
  }
} else console.log("ready");
for await (const _ of Deno.stdin.readable);
