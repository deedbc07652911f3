/**
 * A process of its own that runs one network: it reads a task, answers and ends. The network runs in
 * a worker, since nothing can end what computes but its process, which watches the time.
 */
import { readAll, writeAll } from "./pipe.ts";
import { type Message, type Outcome, pack, type Task, unpack } from "./message.ts";

const task = unpack<Task>(await readAll(Deno.stdin.readable));
if (!task) Deno.exit(2);

const worker = new Worker(new URL("./runner_worker.ts", import.meta.url), { type: "module" });
worker.onerror = (event) => {
  event.preventDefault();
  void end({ head: { failed: "load", reason: event.message }, blobs: [] });
};
worker.onmessage = ({ data }: MessageEvent<"loaded" | Message<Outcome>>) => {
  if (data !== "loaded") return void end(data);
  const { time } = task.head;
  setTimeout(() => void end({ head: { failed: "time", reason: `${time} ms` }, blobs: [] }), time);
};
worker.postMessage(task);

async function end(answer: Message<Outcome>): Promise<never> {
  await writeAll(Deno.stdout.writable, pack(answer));
  Deno.exit(0);
}
