import { assert, assertEquals, assertRejects } from "@std/assert";
import { Pool } from "../../src/compute/pool.ts";
import { BadRequest, Overloaded, Unreadable } from "../../src/errors.ts";
import type { TestJob } from "./pool_worker.ts";

const script = new URL("./pool_worker.ts", import.meta.url);

async function withPool(size: number, limit: number, test: (pool: Pool<TestJob>) => Promise<void>) {
  const pool = new Pool<TestJob>(script, size, limit);
  pool.share("a", "context of a");
  try {
    await test(pool);
  } finally {
    pool.close();
  }
}

Deno.test("every worker gets a context before its first job with it, and the latest counts", () =>
  withPool(2, 100, async (pool) => {
    const ask = () => pool.run<string>({ context: "a", kind: "context" });
    assertEquals(
      new Set(await Promise.all([ask(), ask(), ask(), ask()])),
      new Set(["context of a"]),
    );
    pool.share("a", "newer");
    assertEquals(await Promise.all([ask(), ask()]), ["newer", "newer"]);
    pool.forget("a");
    assertEquals(await Promise.all([ask(), ask()]), ["unknown", "unknown"]);
  }));

Deno.test("workers are idle that have nothing to do", () =>
  withPool(3, 100, async (pool) => {
    assertEquals(pool.idle, 3);
    const jobs = [1, 2].map(() => pool.run<string>({ context: "a", kind: "context" }));
    assertEquals(pool.idle, 1);
    await Promise.all(jobs);
    assertEquals(pool.idle, 3);
  }));

Deno.test("errors keep their class, message and details across threads", () =>
  withPool(1, 100, async (pool) => {
    const error = await assertRejects(() => pool.run({ context: "a", kind: "fail" }), BadRequest);
    assertEquals([error.message, error.details], ["no such colour", { parameter: "colour" }]);
    const other = await assertRejects(() => pool.run({ context: "a", kind: "throw" }), Error);
    assertEquals([other.name, other.message], ["RangeError", "out of range"]);
  }));

Deno.test("a running job sees its cancellation, a waiting one never starts", () =>
  withPool(1, 100, async (pool) => {
    const first = new AbortController(), second = new AbortController();
    const began = performance.now();
    const running = pool.run({ context: "a", kind: "spin", ms: 20_000 }, first.signal);
    const inbox = pool.run({ context: "a", kind: "spin", ms: 20_000 }, second.signal);
    const queued = pool.run({ context: "a", kind: "spin", ms: 20_000 }, second.signal);
    setTimeout(() => second.abort(), 100);
    setTimeout(() => first.abort(), 200);
    const ends = await Promise.allSettled([running, inbox, queued]);
    for (const end of ends) {
      assert(end.status === "rejected" && end.reason.name === "AbortError", JSON.stringify(end));
    }
    assert(performance.now() - began < 10_000);
    assertEquals(await pool.run({ context: "a", kind: "context" }), "context of a");
  }));

Deno.test("a full queue refuses with its length instead of growing", () =>
  withPool(1, 3, async (pool) => {
    const jobs = Array.from({ length: 5 }, () => pool.run({ context: "a", kind: "spin", ms: 30 }));
    const error = await assertRejects(
      () => pool.run({ context: "a", kind: "context" }),
      Overloaded,
    );
    assertEquals(error.details, { retryAfter: 1, queued: 3 });
    await Promise.all(jobs);
  }));

Deno.test("a worker that falls over fails its jobs, and the next ones run on a fresh one", () =>
  withPool(1, 100, async (pool) => {
    await assertRejects(() => pool.run({ context: "a", kind: "crash" }), Unreadable, "fell over");
    assertEquals(await pool.run({ context: "a", kind: "context" }), "context of a");
  }));

Deno.test("a long job keeps its worker to itself, and short ones pass it by", () =>
  withPool(2, 100, async (pool) => {
    const long = pool.run({ context: "a", kind: "spin", ms: 700 }, undefined, "long");
    const began = performance.now();
    const short = Array.from({ length: 6 }, () => pool.run({ context: "a", kind: "spin", ms: 10 }));
    await Promise.all(short);
    assert(performance.now() - began < 600, `${performance.now() - began} ms behind a long job`);
    await long;
  }));

Deno.test("what is in the background begins when nothing urgent waits", () =>
  withPool(1, 100, async (pool) => {
    const order: string[] = [];
    const spin = (name: string, urgency: "now" | "background") =>
      pool.run({ context: "a", kind: "spin", ms: 5 }, undefined, urgency)
        .then(() => order.push(name));
    const first = spin("first", "background");
    const rest = ["b1", "b2"].map((name) => spin(name, "background"));
    const urgent = ["u1", "u2", "u3"].map((name) => spin(name, "now"));
    await Promise.all([first, ...rest, ...urgent]);
    assertEquals(order, ["first", "u1", "u2", "u3", "b1", "b2"]);
  }));

Deno.test("what is in the background holds back while something urgent is under way, but not for ever", () =>
  withPool(2, 100, async (pool) => {
    const order: string[] = [];
    const spin = (name: string, ms: number, urgency: "now" | "background") =>
      pool.run({ context: "a", kind: "spin", ms }, undefined, urgency)
        .then(() => order.push(name));
    await Promise.all([spin("start", 0, "now"), spin("start", 0, "now")]); // which takes its time
    await spin("early", 0, "background");
    await Promise.all([spin("urgent", 40, "now"), spin("later", 0, "background")]);
    assertEquals(order.splice(0), ["start", "start", "early", "urgent", "later"]);
    const long = spin("long", 400, "now"), late = spin("late", 0, "background");
    while (!order.includes("late") && !order.includes("long")) await spin("short", 10, "now");
    await Promise.all([long, late]);
    assert(order.indexOf("late") < order.indexOf("long"), String(order));
    assert(order.filter((name) => name === "short").length > 1, String(order));
  }));

Deno.test("workers that cannot start fail with the reason instead of starting for ever", async () => {
  const pool = new Pool<TestJob>(new URL("./no_such_worker.ts", import.meta.url), 2);
  const ask = () => pool.run({ context: "a", kind: "context" });
  await assertRejects(ask, Unreadable);
  for (let i = 0; i < 50; i++) await assertRejects(ask, Unreadable);
  await assertRejects(ask, Unreadable, "cannot be started");
  pool.close();
});

Deno.test("closing rejects what has not been answered", async () => {
  const pool = new Pool<TestJob>(script, 1);
  const job = pool.run({ context: "a", kind: "spin", ms: 5_000 });
  pool.close();
  await assertRejects(() => job, Unreadable);
  await assertRejects(() => pool.run({ context: "a", kind: "context" }), Unreadable);
});
