import { assertEquals } from "@std/assert";
import { patiently } from "../../src/viewer/patience.ts";

const answers = (...list: [status: number, retryAfter?: string][]) => {
  let asked = 0;
  const ask = () => {
    const [status, wait] = list[asked++]!;
    return Promise.resolve(
      new Response("", { status, headers: wait ? { "Retry-After": wait } : {} }),
    );
  };
  return { ask, asked: () => asked };
};

Deno.test("the page asks again where the server says when, and takes any other answer", async () => {
  const cases: [Parameters<typeof answers>, status: number, asked: number][] = [
    [[[200]], 200, 1],
    [[[409, "0.2"], [200]], 200, 2],
    [[[503, "0.2"], [409, "0.2"], [200]], 200, 3],
    [[[503]], 503, 1],
    [[[503, "60"]], 503, 1],
    [[[404, "0.2"]], 404, 1],
    [[[409, "0"], [409, "0"], [409, "0"], [409, "0"]], 409, 4],
  ];
  for (const [list, status, times] of cases) {
    const { ask, asked } = answers(...list);
    assertEquals([(await patiently(ask)).status, asked()], [status, times]);
  }
});
