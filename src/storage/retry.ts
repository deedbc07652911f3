import type { SynaptileError } from "../errors.ts";

/** How often and how long something is tried; times in milliseconds. */
export interface Patience {
  readonly attempts: number;
  /** Before the second attempt, at most; doubled from then on. */
  readonly first: number;
  /** Between two attempts, at most; also what a server may ask for. */
  readonly longest: number;
}

export const patience: Patience = { attempts: 5, first: 250, longest: 20_000 };

/** A failure that may pass: an overloaded server, a broken connection. */
export class Transient extends Error {
  /** What to throw once patience is at its end. */
  readonly final: SynaptileError;
  /** Milliseconds that the server asked to wait. */
  readonly after: number | undefined;

  constructor(final: SynaptileError, after?: number) {
    super(final.message, { cause: final });
    this.name = "Transient";
    this.final = final;
    this.after = after;
  }
}

/**
 * The result of `work`, tried again after each `Transient` with exponential backoff and full jitter
 * (M. Brooker, "Exponential Backoff And Jitter", 2015), or when the server asked to be asked again.
 * Throws the last failure's `final` in the end, at once where the server asks for too long a wait.
 */
export async function withRetries<T>(
  work: () => Promise<T>,
  { attempts, first, longest }: Patience,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Transient)) throw error;
      const { final, after = 0 } = error;
      if (attempt >= attempts || after > longest) throw final;
      const backoff = Math.random() * Math.min(longest, first * 2 ** (attempt - 1));
      await pause(Math.max(after, backoff), signal);
    }
  }
}

/** Milliseconds that a `Retry-After` header asks for: seconds or a date (RFC 9110 §10.2.3). */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Resolves after some milliseconds; rejects with the signal's reason as soon as that is aborted. */
function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
