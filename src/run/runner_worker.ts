import type { Message, Outcome, Sent, Stage, Task } from "./message.ts";

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;
type Type = keyof typeof arrays;

/** What is used of onnxruntime-web; its own types bring in others' that clash with Deno's. */
interface Runtime {
  readonly env: { logLevel: string; readonly wasm: { numThreads: number } };
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<Session>;
  };
  readonly Tensor: new (type: string, values: ArrayBufferView, shape: readonly number[]) => Value;
}
interface Session {
  run(
    feeds: Readonly<Record<string, Value>>,
    outputs: readonly string[],
  ): Promise<Record<string, Value>>;
}
interface Value {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView<ArrayBuffer>;
}
// Not written where it is imported, so that checking types does not follow it.
const RUNTIME = "onnxruntime-web";

self.onmessage = async ({ data }: MessageEvent<Message<Task>>) => {
  let stage: Stage = "load";
  try {
    const { env, InferenceSession, Tensor } = await import(RUNTIME) as Runtime;
    // More would be workers of its own, which nothing here needs.
    env.wasm.numThreads = 1;
    env.logLevel = "fatal";
    self.postMessage("loaded");
    stage = "session";
    const began = performance.now();
    const { files, inputs, outputs, bytes } = data.head;
    const [model, ...others] = data.blobs as [
      Uint8Array<ArrayBuffer>,
      ...Uint8Array<ArrayBuffer>[],
    ];
    const session = await InferenceSession.create(model, {
      executionProviders: ["wasm"],
      logSeverityLevel: 4,
      externalData: files.map((path, i) => ({ path, data: others[i]! })),
    });
    stage = "run";
    const feeds = Object.fromEntries(inputs.map(({ name, type, shape }, i) => {
      const blob = others[files.length + i]!;
      const values = new arrays[type as Type](blob.slice().buffer);
      return [name, new Tensor(type, values, shape)];
    }));
    const results = await session.run(feeds, outputs);
    const seconds = (performance.now() - began) / 1000;
    let total = 0;
    const sent: Sent[] = [], blobs: Uint8Array[] = [];
    for (const name of outputs) {
      const { type, dims, data } = results[name]!;
      if (!(type in arrays)) continue;
      const { buffer, byteOffset, byteLength } = data;
      total += byteLength;
      sent.push({ name, type, shape: dims });
      blobs.push(new Uint8Array(buffer, byteOffset, byteLength));
    }
    if (total > bytes) return answer({ failed: "bytes", reason: String(total) });
    answer({ outputs: sent, seconds }, blobs);
  } catch (error) {
    answer({ failed: stage, reason: error instanceof Error ? error.message : String(error) });
  }
};

function answer(head: Outcome, blobs: readonly Uint8Array[] = []): void {
  self.postMessage({ head, blobs } satisfies Message<Outcome>);
}
