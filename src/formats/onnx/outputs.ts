import { join } from "../../storage/join.ts";

/** Numbers of protobuf's fields: of ModelProto, GraphProto and ValueInfoProto. */
const GRAPH = 7, OUTPUT = 12, NAME = 1;

/**
 * A ModelProto whose graph gives these of its values too. Protobuf's own merging does it: a second
 * `graph` behind the first adds to its lists (https://protobuf.dev/programming-guides/encoding).
 */
export function withOutputs(
  model: Uint8Array,
  names: readonly string[],
): Uint8Array<ArrayBuffer> {
  if (names.length === 0) return new Uint8Array(model);
  const utf8 = new TextEncoder();
  const outputs = names.map((name) => field(OUTPUT, field(NAME, utf8.encode(name))));
  return join([model, field(GRAPH, join(outputs))]);
}

/** A field of bytes. */
const field = (number: number, value: Uint8Array): Uint8Array =>
  join([Uint8Array.of(number << 3 | 2, ...varint(value.length)), value]);

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 128)) {
    bytes.push(rest % 128 + (rest >= 128 ? 128 : 0));
  }
  return bytes;
}
