import type { Source, SourceRef } from "./source.ts";
import { checkSpan } from "./span.ts";
import { fingerprint } from "./version.ts";

/** Bytes that are already here. The caller must not change them afterwards. */
export class MemorySource implements Source {
  readonly name: string;
  readonly ref: SourceRef & { readonly kind: "memory" };
  #version: string | undefined;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.ref = { kind: "memory", name, bytes };
  }

  get size(): number {
    return this.ref.bytes.length;
  }

  get version(): string {
    return this.#version ??= fingerprint(this.ref.bytes);
  }

  // deno-lint-ignore require-await -- a failed check must reject, not throw
  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    const into = new Uint8Array(length);
    this.readSync(offset, into);
    return into;
  }

  readSync(offset: number, into: Uint8Array): boolean {
    checkSpan(this, offset, into.length);
    into.set(this.ref.bytes.subarray(offset, offset + into.length));
    return true;
  }

  check(): void {}

  close(): void {}
}
