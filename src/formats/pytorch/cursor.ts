/** The bytes end in the middle of a pickle. Never leaves this folder: callers read on, or refuse. */
export class Ended extends Error {}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
/** Of the texts of protocol 0. */
export const latin1 = new TextDecoder("latin1");
/** Up to here, putting characters together one by one beats a call of the decoder. */
const SHORT = 24;
const NEWLINE = 0x0a;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Reads forward through bytes; throws `Ended` where they are too few. */
export class Cursor {
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array, public at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Steps over `length` bytes. Their place. */
  skip(length: number): number {
    const from = this.at;
    if (length > this.bytes.length - from) throw new Ended();
    this.at = from + length;
    return from;
  }

  u8 = () => this.#view.getUint8(this.skip(1));
  u16 = () => this.#view.getUint16(this.skip(2), true);
  i32 = () => this.#view.getInt32(this.skip(4), true);
  u32 = () => this.#view.getUint32(this.skip(4), true);
  /** Above 2^53 rounded, which is larger than any file all the same. */
  u64 = () => Number(this.#view.getBigUint64(this.skip(8), true));
  f64BigEndian = () => this.#view.getFloat64(this.skip(8), false);

  text(length: number): string {
    const from = this.skip(length);
    if (length <= SHORT) {
      let text = "";
      for (let at = from; at < this.at; at++) {
        const byte = this.bytes[at]!;
        if (byte > 0x7f) return utf8.decode(this.bytes.subarray(from, this.at));
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return utf8.decode(this.bytes.subarray(from, this.at));
  }

  /** Text up to the next newline, which is stepped over. */
  line(decoder = utf8): string {
    const end = this.bytes.indexOf(NEWLINE, this.at);
    if (end < 0) throw new Ended();
    const text = decoder.decode(this.bytes.subarray(this.at, end));
    this.at = end + 1;
    return text;
  }

  /** A little-endian two's complement integer of that many bytes. */
  integer(length: number): number | bigint {
    const from = this.skip(length);
    // By way of text: shifting byte by byte takes the square of the length.
    let digits = "";
    for (let at = this.at - 1; at >= from; at--) digits += HEX[this.bytes[at]!]!;
    return narrow(BigInt.asIntN(8 * length, BigInt(`0x0${digits}`)));
  }
}

/** As a number where that is exact. */
export const narrow = (value: bigint): number | bigint => {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
};
