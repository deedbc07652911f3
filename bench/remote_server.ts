// The far end of remote_bench.ts, in a thread of its own: a model of 15 GB that no disk holds.
import { rangeServer, sparse } from "../tests/storage/servers/range.ts";
import { safetensorsFile } from "../tests/formats/build.ts";

const LAYERS = 14, ROWS = 8192, COLUMNS = 65_536;

self.onmessage = async ({ data: latency }: MessageEvent<number>) => {
  const header: Record<string, object> = {};
  const bytes = ROWS * COLUMNS * 2;
  for (let i = 0; i < LAYERS; i++) {
    const data_offsets = [i * bytes, (i + 1) * bytes];
    header[`layers.${i}.weight`] = { dtype: "BF16", shape: [ROWS, COLUMNS], data_offsets };
  }
  const head = safetensorsFile(header);
  // Exponents of small weights, so that no value is NaN or infinite.
  const byte = (at: number) => at % 2 === head.length % 2 ? (at * 37 + (at >> 9)) & 255 : 0x3d;
  const object = sparse(head, head.length + LAYERS * bytes, byte);
  const server = await rangeServer({ "/large.safetensors": object }, latency);
  self.postMessage({ origin: server.origin });
  self.onmessage = () => {
    self.postMessage({ requests: server.asked.length, bytes: server.sent });
    server.reset();
  };
};
