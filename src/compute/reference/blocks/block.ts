/**
 * Decodes one block: `out` has room for exactly its elements.
 *
 * All arithmetic is float32's, in ggml's order. It can be written without rounding in between: a
 * scale has at most 11 significant bits and what it is multiplied by at most 13, so that products
 * are exact, and one sum or one store at the end rounds, as float32 arithmetic would.
 */
export type DecodeBlock = (block: DataView, out: Float32Array, littleEndian: boolean) => void;

/**
 * Field `i` of those of `bits` bits from byte `at` on. Fields lie in runs: the lowest bits of `run`
 * bytes hold the first `run` fields, the bits above them the next `run`, and so on until those bytes
 * are full; then come the next `run` bytes. With a run of 1 that is plain little-endian bit order.
 */
export function field(block: DataView, at: number, bits: number, run: number, i: number): number {
  const inByte = 8 / bits;
  const turn = Math.floor(i / run);
  const byte = block.getUint8(at + Math.floor(turn / inByte) * run + i % run);
  return (byte >> (bits * (turn % inByte))) & ((1 << bits) - 1);
}
