import { fileURLToPath } from "node:url";
import { BadRequest, FormatError, Overloaded, TooLarge, Unreadable } from "../errors.ts";
import {
  type Message,
  type Outcome,
  pack,
  type Sent,
  type Stage,
  type Task,
  unpack,
} from "./message.ts";
import { readAll, writeAll } from "./pipe.ts";

const script = fileURLToPath(new URL("./runner.ts", import.meta.url));
/** Milliseconds in which the runtime has to be there, downloaded where that is still to be done. */
const LOADING = 300_000;
/** Bytes of an answer that are no outputs. */
const FRAME = 1 << 24;

/** What a network gave, in the order that was asked for. */
export interface Results {
  readonly outputs: readonly (Sent & { readonly bytes: Uint8Array })[];
  readonly seconds: number;
}

/**
 * Runs a network in a process of its own, which may read files and nothing else. Throws
 * `FormatError` for a model that the runtime does not take, `BadRequest` for inputs that it fails on,
 * `TooLarge`, `Overloaded` where it took too long, `Unreadable` without a runtime, `AbortError`.
 */
export async function runInProcess(
  name: string,
  task: Message<Task>,
  signal?: AbortSignal,
): Promise<Results> {
  signal?.throwIfAborted();
  const process = start();
  let late = false;
  const end = () => {
    try {
      process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended by itself
    }
  };
  const timer = setTimeout(() => {
    late = true;
    end();
  }, LOADING + task.head.time);
  signal?.addEventListener("abort", end, { once: true });
  try {
    const limit = (bytes: number) => {
      if (bytes > task.head.bytes + FRAME) throw tooLarge(name, bytes, task.head.bytes);
    };
    // One that ends before it has read all says why.
    const writing = writeAll(process.stdin, pack(task)).catch(() => {});
    const [output] = await Promise.all([readAll(process.stdout, limit), writing]);
    const { code } = await process.status;
    signal?.throwIfAborted();
    const answer = unpack<Outcome>(output);
    if (!answer) {
      const why = late ? "it took too long to start" : `it ended with code ${code}`;
      throw new Unreadable(`"${name}" cannot be run: ${why}, without an answer`, { found: code });
    }
    const { head, blobs } = answer;
    if ("failed" in head) throw failure(name, head, task.head);
    const { outputs, seconds } = head;
    return { outputs: outputs.map((one, i) => ({ ...one, bytes: blobs[i]! })), seconds };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    end();
  }
}

function start(): Deno.ChildProcess {
  // By its path, or by its name where only that may be started.
  for (const command of [Deno.execPath(), "deno"]) {
    if (Deno.permissions.querySync({ name: "run", command }).state !== "granted") continue;
    const args = ["run", "--quiet", "--no-check", "--no-prompt", "--allow-read", script];
    return new Deno.Command(command, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  }
  throw new Unreadable(
    "networks run in a process of their own, which this one may not start: --allow-run=deno",
    { expected: "--allow-run=deno" },
  );
}

const tooLarge = (name: string, found: number, limit: number) =>
  new TooLarge(
    `the outputs of "${name}" have more than ${limit} bytes: ask for some of them by "outputs"`,
    { found, limit },
  );

/** The error that a failure is. */
function failure(
  name: string,
  { failed, reason }: { readonly failed: Stage; readonly reason: string },
  { time, bytes }: Task,
): Error {
  const told = reason.replace(/^.*ERROR_MESSAGE: */s, "").replace(/^Fatal error: */, "").trim();
  // The runtime's own exceptions arrive as addresses: nearly all are of memory that there is not.
  const blank = told === "" || /^\d+$/.test(told);
  switch (failed) {
    case "time": {
      const sentence = `running "${name}" was ended after ${time / 1000} s`;
      return new Overloaded(sentence, { limit: time / 1000, model: name });
    }
    case "bytes":
      return tooLarge(name, Number(reason), bytes);
    case "load":
      return new Unreadable(`the runtime for "${name}" cannot be loaded: ${told}`, { found: told });
  }
  if (blank && failed === "session") {
    const sentence = `${name} cannot be opened by the runtime, which does not say why: it may ` +
      "need more memory than the 4 GiB that there are, or be no whole network";
    return new FormatError(sentence, { file: name, found: told });
  }
  if (blank || /bad_alloc|out of memory|Aborted\(|failed to allocate/i.test(told)) {
    const sentence = `running "${name}" needs more memory than the 4 GiB that there are`;
    return new TooLarge(sentence, { model: name, limit: 2 ** 32 });
  }
  if (failed === "session") {
    return new FormatError(`${name} cannot be run: ${told}`, { file: name, found: told });
  }
  return new BadRequest(`"${name}" cannot be run on this input: ${told}`, { found: told });
}
