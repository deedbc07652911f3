/// <reference lib="webworker" />
import type { Plan } from "./synthetic/llama.ts";
import { type Making, rowsOf } from "./synthetic/values.ts";

/** A tensor, and where in which file it goes. */
export interface Task {
  readonly making: Making;
  readonly plan: Plan;
  readonly path: string;
  readonly offset: number;
}

/** Bytes that are written at a time, about. */
const BAND = 8 << 20;

self.onmessage = ({ data }: MessageEvent<Task>) => {
  make(data);
  self.postMessage(data.plan.name);
};

/** Makes the tensor's rows and writes them as bfloat16, rounded to nearest even. */
function make({ making, plan, path, offset }: Task): void {
  const [height, width] = plan.shape.length === 2 ? plan.shape : [1, plan.shape[0]];
  const next = rowsOf(making, plan);
  const row = new Float32Array(width), bits = new Uint32Array(row.buffer);
  const rows = Math.min(height, Math.max(1, Math.floor(BAND / (2 * width))));
  const band = new Uint16Array(rows * width);
  const file = Deno.openSync(path, { write: true });
  try {
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let y = 0; y < height;) {
      const count = Math.min(rows, height - y);
      for (const end = y + count; y < end; y++) {
        next(row);
        const at = (y - end + count) * width;
        for (let x = 0; x < width; x++) {
          band[at + x] = (bits[x]! + 0x7fff + ((bits[x]! >>> 16) & 1)) >>> 16;
        }
      }
      const bytes = new Uint8Array(band.buffer, 0, 2 * count * width);
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    }
  } finally {
    file.close();
  }
}
