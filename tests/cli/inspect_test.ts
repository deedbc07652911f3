import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { modelFile, names, served } from "../routes/served.ts";
import { run, withFile } from "./run.ts";

Deno.test("inspect lists every tensor with its type, shape and size", () =>
  withFile(modelFile(), async (path) => {
    const { code, stdout, stderr } = await run("inspect", path);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /12 tensors, 630,066 parameters/);
    assertMatch(stdout, /^matrix +F32 +\[700, 900\] +630,000 +2,520,000$/m);
    for (const name of names) assertEquals(stdout.includes(name), true, name);
  }));

Deno.test("inspect --json prints what the server answers", () =>
  served(async ({ path, get }) => {
    const { stdout } = await run("inspect", path, "--json");
    assertEquals(JSON.parse(stdout), await (await get("/models/model")).json());
  }));

Deno.test("inspect --statistics measures each tensor", () =>
  withFile(modelFile(), async (path) => {
    const { stdout } = await run("inspect", path, "--json", "--statistics", "--layer", "plain");
    const { tensors, layers } = JSON.parse(stdout);
    assertEquals([tensors.length, layers.length], [1, 1]);
    const { summary } = tensors[0];
    assertEquals([summary.count, summary.nan, summary.min, summary.max], [6, 1, -2, 5]);
    assertAlmostEquals(summary.mean, 2.2, 1e-6);
    const table = await run("inspect", path, "--statistics", "--layer", "plain");
    assertMatch(table.stdout, /plain +F32 +\[2, 3\] +6 +24 +-2 +5 +2\.2 /);
  }));
