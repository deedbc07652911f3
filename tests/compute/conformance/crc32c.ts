import { assertEquals } from "@std/assert";
import type { Ops } from "../../../src/compute/ops.ts";
import { crc32c } from "../../../src/storage/crc32c.ts";
import { random } from "../samples.ts";

/** crc32c: exact. */
export function conformCrc32c(ops: Ops): void {
  Deno.test(`${ops.name} crc32c() gives the sums that RFC 3720 gives`, () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
    const digits = new TextEncoder().encode("123456789");
    const sums = [new Uint8Array(32), new Uint8Array(32).fill(255), ascending, digits]
      .map((bytes) => ops.crc32c(bytes));
    assertEquals(sums, [0x8a9136aa, 0x62a8ab43, 0x46dd794e, 0xe3069283]);
    assertEquals(ops.crc32c(new Uint8Array()), 0);
  });

  Deno.test(`${ops.name} crc32c() is the same at every length, place and cut`, () => {
    const next = random(1);
    const bytes = Uint8Array.from({ length: 60_000 }, () => next() * 256);
    for (
      const length of [...around(0), ...around(3344), ...around(6688), ...around(19728), 53000]
    ) {
      const at = Math.floor(next() * 64), cut = Math.floor(next() * length);
      const part = bytes.subarray(at, at + length);
      assertEquals(ops.crc32c(part), crc32c(part), `${length} bytes`);
      const before = ops.crc32c(part.subarray(0, cut));
      assertEquals(
        ops.crc32c(part.subarray(cut), before),
        crc32c(part),
        `${length} from ${cut} on`,
      );
    }
  });

  Deno.test(`${ops.name} crc32c() sees any bit that is flipped`, () => {
    const bytes = new Uint8Array(20_000);
    const sum = ops.crc32c(bytes);
    for (let bit = 0; bit < 8 * bytes.length; bit += 1013) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assertEquals(ops.crc32c(bytes), crc32c(bytes));
      assertEquals(ops.crc32c(bytes) === sum, false);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });
}

/** A length and those near it, where whole vectors end. */
const around = (length: number) =>
  Array.from({ length: 36 }, (_, i) => length + i - 18).filter((length) => length >= 0);
