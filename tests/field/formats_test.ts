import { assertEquals } from "@std/assert";
import { wasm } from "../../src/compute/wasm.ts";
import { readCells, type SyncSource } from "../../src/field/cells.ts";
import { openModel } from "../../src/model/open.ts";
import { openSource } from "../../src/storage/open.ts";
import { readerOf } from "./planes.ts";

// Tensors stored in every way that ONNX and TensorFlow know, drawn as their own libraries read them.

const fixtures = new URL("../../fixtures/", import.meta.url).pathname;
const json = (path: string) => JSON.parse(Deno.readTextFileSync(fixtures + path));

type Expected = Readonly<Record<string, { readonly values: readonly (number | string)[] }>>;
const onnx: Readonly<Record<string, Expected>> = json("onnx/expected.json");
const models: readonly (readonly [string, Expected])[] = [
  ...Object.entries(onnx).map(([name, tensors]) => [`onnx/${name}`, tensors] as const),
  ["tensorflow/frozen.pb", json("tensorflow/frozen.json")],
];

for (const [name, expected] of models) {
  Deno.test(`${name}: cells are the values that its library reads`, async () => {
    const model = await openModel(fixtures + name);
    for (const tensor of model.tensors.filter(({ bytes }) => bytes > 0)) {
      const source = openSource(tensor.source) as SyncSource;
      // Row-major, as the libraries give them, whatever the axes stand for.
      const [first, ...others] = tensor.shape.keys();
      const axes = others.length > 0 ? { rows: [first!], columns: others } : undefined;
      const reader = readerOf({ tensor, source }, axes, wasm);
      const { width, height, cells } = reader.plane;
      const values = new Float32Array(width * height);
      wasm.frame(() =>
        readCells(reader, { x: 0, y: 0, width, height }, { values, start: 0, pitch: width })
      );
      source.close();
      const wanted = expected[tensor.name]!.values.map((value) =>
        Math.fround(value === "inf" ? Infinity : Number(value))
      );
      assertEquals([...values.subarray(0, cells)], wanted, `${tensor.name} ${tensor.dtype}`);
    }
    model.close();
  });
}
