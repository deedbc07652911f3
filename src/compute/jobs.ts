import { toWire } from "../errors.ts";
import type { Answer, Message } from "./pool.ts";

/** A job's answer and the buffers in it that are handed over rather than copied. */
export interface Done {
  readonly value: unknown;
  readonly transfer?: ArrayBuffer[];
}

/** The worker's half of `Pool`. `cancelled` throws `AbortError` once the job is no longer wanted. */
export interface Handler<Job> {
  share(id: string, context: unknown): void;
  forget(id: string): void;
  work(job: Job, cancelled: () => void): Done | Promise<Done>;
}

/** Answers the pool's messages with `handler`, for as long as the worker lives. */
export function serveJobs<Job>(handler: Handler<Job>): void {
  let flags: Int32Array = new Int32Array(0);
  const answer = (message: Answer, transfer: ArrayBuffer[] = []) =>
    self.postMessage(message, transfer);
  self.onmessage = async ({ data }: MessageEvent<Message<Job>>) => {
    if (data.kind === "hello") flags = new Int32Array(data.flags);
    else if (data.kind === "share") handler.share(data.id, data.context);
    else if (data.kind === "forget") handler.forget(data.id);
    else {
      const { ticket, slot, job } = data;
      const cancelled = () => {
        if (Atomics.load(flags, slot) === ticket) {
          throw new DOMException("the work was cancelled", "AbortError");
        }
      };
      try {
        cancelled();
        const { value, transfer } = await handler.work(job, cancelled);
        answer({ ticket, value }, transfer);
      } catch (thrown) {
        answer({ ticket, error: toWire(thrown) });
      }
    }
  };
}
