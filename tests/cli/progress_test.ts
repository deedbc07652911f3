import { assertEquals, assertMatch } from "@std/assert";
import { progress } from "../../src/cli/progress.ts";

Deno.test("progress tells the pace, and counts what an earlier run did", async () => {
  const said: string[] = [];
  const { writeSync } = Deno.stderr;
  Deno.stderr.writeSync = (bytes) => said.push(new TextDecoder().decode(bytes));
  try {
    const sign = progress({ unit: "tiles", total: 1000, done: 500, force: true });
    sign.tick(2e6);
    assertEquals(said, []);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    for (let i = 0; i < 99; i++) sign.tick(2e6);
    sign.end();
  } finally {
    Deno.stderr.writeSync = writeSync;
  }
  // Two tiles in a second: 498 more take over four minutes.
  assertMatch(said[0]!, /502 of 1000 tiles \(50 %\), 4 MB, 1\.\d\/s, [45] min left/);
});
