/** A message between processes: JSON, and the bytes that belong to it. */
export interface Message<Head> {
  readonly head: Head;
  readonly blobs: readonly Uint8Array[];
}

/** A tensor as it crosses: its bytes are a blob. */
export interface Sent {
  readonly name: string;
  /** The runtime's name of the element type. */
  readonly type: string;
  readonly shape: readonly number[];
}

/** What is to be computed: the blobs are the model, its files, its inputs. */
export interface Task {
  readonly files: readonly string[];
  readonly inputs: readonly Sent[];
  readonly outputs: readonly string[];
  /** Milliseconds that it may take. */
  readonly time: number;
  /** Bytes that the outputs may have. */
  readonly bytes: number;
}

/** Where a run failed; `time` and `bytes` for its limits. */
export type Stage = "load" | "session" | "run" | "time" | "bytes";

/** What became of it: the blobs are the outputs. */
export type Outcome =
  | { readonly outputs: readonly Sent[]; readonly seconds: number }
  | { readonly failed: Stage; readonly reason: string };

// Runtimes write what they like to the same pipe before.
const MAGIC = new TextEncoder().encode("\nsynaptile-run-1\n");

/** As bytes: a sign, the lengths, and the parts. */
export function pack({ head, blobs }: Message<unknown>): Uint8Array<ArrayBuffer>[] {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const lengths = new Float64Array([json.length, blobs.length, ...blobs.map((b) => b.length)]);
  return [
    MAGIC,
    new Uint8Array(lengths.buffer),
    json,
    ...blobs.map((blob) => new Uint8Array(blob)),
  ];
}

/** The message in bytes; null where there is none, or not all of it. */
export function unpack<Head>(bytes: Uint8Array): Message<Head> | null {
  let at = indexOf(bytes, MAGIC);
  if (at < 0) return null;
  at += MAGIC.length;
  const number = () => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
    at += 8;
    return view.getFloat64(0, true);
  };
  if (bytes.length < at + 16) return null;
  const json = number(), count = number();
  if (bytes.length < at + 8 * count) return null;
  const lengths = Array.from({ length: count }, number);
  if (bytes.length < at + json + lengths.reduce((sum, length) => sum + length, 0)) return null;
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(at, at += json))) as Head;
  return { head, blobs: lengths.map((length) => bytes.subarray(at, at += length)) };
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
