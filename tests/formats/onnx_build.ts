import { concat } from "./build.ts";
import { field, varint } from "./protobuf_build.ts";

export const FLOAT = 1;

/** A TensorProto: raw data, or fields that say otherwise. */
export const tensorProto = (
  name: string,
  dims: readonly (number | bigint)[],
  type: number,
  ...fields: readonly Uint8Array[]
) => concat(field(1, concat(...dims.map(varint))), field(2, type), field(8, name), ...fields);

export const raw = (bytes: number | Uint8Array) =>
  field(9, typeof bytes === "number" ? new Uint8Array(bytes) : bytes);

export const external = (entries: Readonly<Record<string, string>>) =>
  concat(
    field(14, 1),
    ...Object.entries(entries).map(([key, value]) =>
      field(13, concat(field(1, key), field(2, value)))
    ),
  );

export const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...fields: readonly Uint8Array[]
) =>
  concat(
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    field(4, op),
    ...fields,
  );

export const graphProto = (
  tensors: readonly Uint8Array[],
  nodes: readonly Uint8Array[] = [],
) => concat(...nodes.map((node) => field(1, node)), ...tensors.map((tensor) => field(5, tensor)));

/** A ModelProto of version 10. */
export const onnxFile = (graph: Uint8Array) => concat(field(1, 10), field(7, graph));
