import { Buffer } from "node:buffer";
import type { Decoder } from "./codec.ts";

/** Text that is turned into a string at once. */
const WINDOW = 1 << 20;
/** A double in 17 digits, with sign, point, exponent, and room for spaces. */
const USUAL = 32;
const DOUBLE = 8;

/** Numbers as text, separated by commas, brackets or white space, as JSON has them; also Python's NaN. */
export const numbers: Decoder = {
  // A digit and a comma.
  most: (length) => Math.ceil(length / 2) * DOUBLE,
  before: (size) => size / DOUBLE * USUAL + 1024,
  decode(bytes, limit) {
    const values = new Float64Array(Math.min(limit / DOUBLE, numbers.most(bytes.length, text)));
    let count = 0;
    for (let at = 0; at < bytes.length;) {
      const end = windowEnd(bytes, at);
      for (const word of words(bytes.subarray(at, end))) {
        if (count === values.length) throw new Error(`it holds more than ${count} numbers`);
        values[count++] = numberOf(word);
      }
      at = end;
    }
    return new Uint8Array(values.buffer, 0, count * DOUBLE);
  },
};

const text = { name: "numbers" } as const;

/** Whether each byte separates numbers. */
const separates = new Uint8Array(256);
for (const separator of ",[] \t\r\n") separates[separator.charCodeAt(0)] = 1;

/** The end of a window that does not cut a number in two. */
function windowEnd(bytes: Uint8Array, start: number): number {
  let end = Math.min(bytes.length, start + WINDOW);
  while (end < bytes.length && !separates[bytes[end]!]) end++;
  return end;
}

function* words(bytes: Uint8Array): Generator<string> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  for (let at = 0; at < bytes.length;) {
    if (separates[bytes[at]!]) {
      at++;
      continue;
    }
    const start = at;
    while (at < bytes.length && !separates[bytes[at]!]) at++;
    yield text.slice(start, at);
  }
}

function numberOf(word: string): number {
  const value = Number(word);
  // `Number` also takes "0x1f" and the like.
  if (Number.isNaN(value) ? word === "NaN" : /^-?[\dI]/.test(word) && !/[box]/i.test(word)) {
    return value;
  }
  throw new Error(`it holds ${JSON.stringify(word.slice(0, 40))}, which is no number`);
}
