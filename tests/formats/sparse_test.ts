import { assert, assertEquals } from "@std/assert";
import { keras } from "../../src/formats/keras.ts";
import { npz } from "../../src/formats/npz.ts";
import { onnx } from "../../src/formats/onnx.ts";
import { shardedSafetensors } from "../../src/formats/sharded.ts";
import { inFolder } from "../storage/folder.ts";
import { opensInTime } from "./opening.ts";
import { BYTES, COUNT, sparse } from "./sparse.ts";

// Other formats are opened so in tests of their own.
const cases = [
  { name: "safetensors in shards", format: shardedSafetensors, reads: 20, bytes: 4e6 },
  { name: "onnx, external", format: onnx, reads: 30, bytes: 4e6 },
  { name: "npz", format: npz, reads: 10_100, bytes: 6e6 },
  { name: "keras", format: keras, reads: 200, bytes: 4e6 },
];

for (const { name, format, ...limits } of cases) {
  Deno.test(`${name}: 10,000 tensors in 10 GB open in 300 ms, in few reads`, () =>
    inFolder(async (folder) => {
      await opensInTime(format, sparse[name]!(folder), ({ listing: { tensors }, ...sources }) => {
        assertEquals(tensors.length, COUNT);
        const places = tensors.map(({ source, offset }) => `${JSON.stringify(source)} ${offset}`);
        assertEquals(new Set(places).size, COUNT);
        assert(tensors.every(({ bytes }) => bytes === BYTES));
        const all = [sources.source, ...sources.others];
        const [reads, bytes] = [
          all.reduce((sum, { reads }) => sum + reads, 0),
          all.reduce((sum, { bytes }) => sum + bytes, 0),
        ];
        assert(reads <= limits.reads, `${reads} reads`);
        assert(bytes <= limits.bytes, `${bytes} bytes read`);
      });
    }));
}
