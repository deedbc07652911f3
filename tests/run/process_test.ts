import { assert, assertEquals, assertRejects } from "@std/assert";
import { TooLarge, Unreadable } from "../../src/errors.ts";
import { pack, unpack } from "../../src/run/message.ts";
import { runInProcess } from "../../src/run/process.ts";
import { join } from "../../src/storage/join.ts";
import { networks } from "./networks.ts";
import { withRuntime } from "./runtime.ts";

Deno.test("a message arrives as it was, whatever comes before it, or not at all", () => {
  const blobs = [Uint8Array.of(1, 2, 3), new Uint8Array(), new Uint8Array(70_000).fill(10)];
  const bytes = join(pack({ head: { text: "ü\n" }, blobs }));
  for (const before of ["", "a warning\n\nsynaptile-run", "\n"]) {
    const noisy = join([new TextEncoder().encode(before), bytes]);
    const found = unpack<{ text: string }>(noisy)!;
    assertEquals(found.head, { text: "ü\n" });
    assertEquals(found.blobs.map((blob) => blob.slice()), blobs);
  }
  for (const length of [0, 5, 17, 30, 50, bytes.length - 1]) {
    assertEquals(unpack(bytes.subarray(0, length)), null, `${length} bytes`);
  }
});

const endless = async (time: number) => ({
  head: {
    ...{ files: [], outputs: ["end"], time, bytes: 1000 },
    inputs: [{ name: "start", type: "float32", shape: [8, 8] }],
  },
  blobs: [await Deno.readFile(`${networks}endless.onnx`), new Uint8Array(256)],
});

/** Processes that run networks. */
async function running(): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    // That of this checkout alone, as a child of this process.
    const status = await Deno.readTextFile(`/proc/${name}/status`).catch(() => "");
    if (line.includes("run/runner.ts") && status.includes(`PPid:\t${Deno.pid}\n`)) count++;
  }
  return count;
}

withRuntime("a run that is cancelled, or takes too long, leaves no process", async () => {
  const { signal, abort } = cancel();
  const cancelled = runInProcess("endless", await endless(60_000), signal);
  if (Deno.build.os === "linux") assertEquals(await running(), 1);
  setTimeout(abort, 1500);
  const began = performance.now();
  await assertRejects(() => cancelled, DOMException);
  assert(performance.now() - began < 10_000);
  await assertRejects(
    async () => await runInProcess("endless", await endless(300)),
    Error,
    "0.3 s",
  );
  if (Deno.build.os === "linux") assertEquals(await running(), 0);
  const before = AbortSignal.abort();
  await assertRejects(async () => await runInProcess("x", await endless(1), before), DOMException);
});

withRuntime("an answer that is larger than allowed is not waited for", async () => {
  const task = {
    head: {
      ...{ files: [], outputs: ["zeros"], time: 20_000, bytes: 1000 },
      inputs: [{ name: "sides", type: "int64", shape: [2] }],
    },
    blobs: [
      await Deno.readFile(`${networks}huge.onnx`),
      new Uint8Array(BigInt64Array.of(16n, 16n).buffer),
    ],
  };
  const error = await assertRejects(() => runInProcess("huge", task), TooLarge);
  assertEquals([error.details["found"], error.details["limit"]], [1024, 1000]);
  const fits = { ...task, head: { ...task.head, bytes: 1024 } };
  assertEquals((await runInProcess("huge", fits)).outputs[0]!.bytes, new Uint8Array(1024));
});

Deno.test("without the permission to start a process, that is said", async () => {
  const code = `import { runInProcess } from "${new URL(
    "../../src/run/process.ts",
    import.meta.url,
  )}";
    const head = { files: [], inputs: [], outputs: [], time: 1, bytes: 1 };
    await runInProcess("x", { head, blobs: [] }).catch((error) => console.log(error.name, error.message));`;
  const { stdout } = await piped(code);
  const text = new TextDecoder().decode(stdout);
  assert(text.includes(Unreadable.name) && text.includes("--allow-run=deno"), text);
});

async function piped(code: string) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--no-check", "--allow-read", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  return await process.output();
}

function cancel() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
