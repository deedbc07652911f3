import type { Codec } from "../source.ts";

/** How one step of decoding is done. One file a kind in this folder, named in `table.ts`. */
export interface Decoder<C extends Codec = Codec> {
  /** Bytes that `length` encoded ones can become at most: a larger claim is refused unread. */
  most(length: number, codec: C): number;
  /** Bytes that `size` decoded ones can have been at most: where the step before has to stop. */
  before(size: number, codec: C): number;
  /**
   * Decodes all of `bytes`; may stop with an error once the result is longer than `limit`.
   * Throws an `Error` that says what is wrong with them: "ends in the middle of a number".
   */
  decode(bytes: Uint8Array, limit: number, codec: C): Uint8Array;
}
