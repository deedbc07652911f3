import { assertEquals, assertRejects } from "@std/assert";
import { Pool } from "../../src/compute/pool.ts";
import { openModel } from "../../src/model/open.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Job } from "../../src/tile/job.ts";
import type { Derived, LayerEntry } from "../../src/tile/layer_entry.ts";
import { Layers } from "../../src/tile/layers.ts";
import { Made } from "../../src/tile/made.ts";
import { Views } from "../../src/tile/view.ts";
import { npy } from "./pictures.ts";

const capture = new URL("../../fixtures/captures/decoder", import.meta.url).pathname;
/** Bytes of one matrix of the capture. */
const ONE = 128 * 128 * 4;

Deno.test("what was made is made again once it was let go of, and is the same", async () => {
  const engine = await createEngine([capture], {
    ...{ workers: 2, cacheBytes: 0, madeBytes: 2 * ONE },
  });
  try {
    const draw = async (head: number) => {
      const { bytes } = await engine.ticket({
        ...{ model: "decoder", layer: "block3", mode: "attention", z: 0, x: 0, y: 0 },
        ...{ density: 1, crop: true, format: "npy" },
        query: new URLSearchParams({ head: String(head), power: "4" }),
      }).tile();
      return npy(bytes).values;
    };
    const first = [await draw(0), await draw(1), await draw(2), await draw(3)];
    for (const head of [3, 0, 1, 2]) assertEquals(await draw(head), first[head]);
    const together = await Promise.all([0, 1, 2, 3, 0, 1, 2, 3].map(draw));
    for (const [i, values] of together.entries()) assertEquals(values, first[i % 4]);
  } finally {
    await engine.close();
  }
});

Deno.test("one that is larger than all that may be kept is drawn too", async () => {
  const engine = await createEngine([capture], { workers: 1, madeBytes: 1 });
  try {
    const query = new URLSearchParams({ power: "2" });
    const view = engine.view("decoder", "block0", "attention", query);
    const { value } = await engine.inspect(view, 0, 127, undefined);
    assertEquals(value! > 0, true);
    const { normalization } = await engine.legend(view);
    assertEquals(normalization.startsWith("linear from min to max"), true);
  } finally {
    await engine.close();
  }
});

/** What is to be made, of nothing. */
function derivedFrom(id: string): Derived {
  const from = { id, plane: { tensor: { shape: [2, 1] } } } as unknown as LayerEntry;
  const recipe = { kind: "reduce", how: "mean", axes: [0] } as const;
  const memory = new SharedArrayBuffer(4);
  return { parts: [{ from, recipe }], memory, notes: null, backend: null, readers: 0 };
}

Deno.test("what is made longest ago goes first, but nothing that is being read", () => {
  const made = new Made(1, 8);
  const entries = new Map(["oldest", "read", "old", "new"].map((id) => {
    const derived = { ...derivedFrom(id), readers: id === "read" ? 1 : 0 };
    return [id, { id, derived } as unknown as LayerEntry];
  }));
  const coming = { id: "coming", derived: derivedFrom("coming") } as unknown as LayerEntry;
  assertEquals(made.surplus(entries, coming), ["old", "oldest"]);
  assertEquals(made.surplus(entries, { id: "no" } as unknown as LayerEntry), []);
});

Deno.test("what is made again meanwhile is made in its own memory too", async () => {
  const made = new Made(1);
  const [one, other] = [derivedFrom("tensor"), derivedFrom("tensor")];
  const filled: SharedArrayBuffer[] = [];
  const run = async <Value>(_: LayerEntry, job: Job) => {
    await new Promise((done) => setTimeout(done, 10));
    if (job.kind === "derive") filled.push(job.memory);
    return {} as Value;
  };
  const entry = { id: "mean", plane: { tensor: { shape: [1] } } } as unknown as LayerEntry;
  await Promise.all([one, other].map((derived) => made.see(entry, derived, run)));
  assertEquals(filled, [one.memory, other.memory]);
});

Deno.test("what was given up is over before it is begun again in the same memory", async () => {
  const made = new Made(2), derived = derivedFrom("tensor");
  const entry = { id: "mean", plane: { tensor: { shape: [1] } } } as unknown as LayerEntry;
  const noticed = Promise.withResolvers<void>(), events: string[] = [];
  // As a worker does, which fills its memory until it looks at whether that is still wanted.
  const run = async <Value>(_: LayerEntry, _job: Job, signal: AbortSignal) => {
    events.push("began");
    if (events.length === 1) await noticed.promise;
    events.push("ended");
    signal.throwIfAborted();
    return {} as Value;
  };
  const leaves = new AbortController();
  const first = assertRejects(() => made.see(entry, derived, run, leaves.signal), DOMException);
  await new Promise((done) => setTimeout(done));
  leaves.abort();
  const second = made.see(entry, derived, run);
  await new Promise((done) => setTimeout(done, 10));
  noticed.resolve();
  await Promise.all([first, second]);
  assertEquals(events, ["began", "ended", "began", "ended"]);
});

Deno.test("what was given up and made all the same is not made again", async () => {
  const made = new Made(1), derived = derivedFrom("tensor");
  const entry = { id: "mean", plane: { tensor: { shape: [1] } } } as unknown as LayerEntry;
  const noticed = Promise.withResolvers<void>();
  let runs = 0;
  const run = async <Value>() => {
    runs++;
    await noticed.promise;
    return {} as Value;
  };
  const leaves = new AbortController();
  const first = assertRejects(() => made.see(entry, derived, run, leaves.signal), DOMException);
  await new Promise((done) => setTimeout(done));
  leaves.abort();
  const second = made.see(entry, derived, run);
  noticed.resolve();
  await Promise.all([first, second]);
  assertEquals(runs, 1);
});

Deno.test("views of what was let go of do not keep its memory", async () => {
  const model = await openModel(capture);
  const pool = new Pool<Job>(new URL("../../src/tile/worker.ts", import.meta.url), 1);
  try {
    const views = new Views(new Layers(pool, 0, undefined, 2 * ONE), () => model);
    for (const power of ["2", "4", "8", "16", "32"]) {
      views.open(model, "block3", "attention", new URLSearchParams({ power }));
    }
    assertEquals(views.size, 2);
  } finally {
    pool.close();
    model.close();
  }
});

Deno.test("what is repeated is done once to every row, the last ones first, in parts that many can share", async () => {
  const recipe = { kind: "attention", symmetric: false, squarings: 2, reordered: false } as const;
  for (const [workers, n, parts] of [[1, 5, 1], [2, 5, 2], [2, 1000, 7], [3, 4000, 12]] as const) {
    const done: { from: number; to: number }[] = [];
    const run = <Value>(_: LayerEntry, job: Job) => {
      if (job.kind === "repeat") done.push(job.rows);
      return Promise.resolve({} as Value);
    };
    const plane = { tensor: { shape: [n, n] } };
    const from = { id: "from", plane } as unknown as LayerEntry;
    const derived = { ...derivedFrom("attention"), parts: [{ from, recipe }] };
    const entry = { id: "powers", plane } as unknown as LayerEntry;
    await new Made(workers).see(entry, derived, run);
    assertEquals(done.length, 2 * parts, `${workers} workers, ${n} rows`);
    const [first, ...rest] = done.splice(0, parts);
    assertEquals(first!.to, n);
    for (const [i, { to }] of rest.entries()) assertEquals(to, [first!, ...rest][i]!.from);
    assertEquals(rest.at(-1)?.from ?? first!.from, 0);
    assertEquals(done, [first, ...rest]);
  }
});
