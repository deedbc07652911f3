/** A tensor to be written: row-major, little-endian. */
export interface Written {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Tensors begin at a multiple of this, counted from the file's start. */
const ALIGNMENT = 8;

/** A safetensors file, part by part: its header, then each tensor's bytes. */
export function* safetensorsFile(
  tensors: readonly Written[],
  metadata?: Readonly<Record<string, string>>,
): Generator<Uint8Array<ArrayBuffer>> {
  const header: [string, unknown][] = metadata ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    header.push([name, { dtype, shape, data_offsets: [end, end += bytes.length] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const head = new Uint8Array(Math.ceil((8 + json.length) / ALIGNMENT) * ALIGNMENT).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(json, 8);
  yield head;
  for (const { bytes } of tensors) yield new Uint8Array(bytes);
}
