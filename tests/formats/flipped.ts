import { assert } from "@std/assert";
import fc from "fast-check";
import { SynaptileError } from "../../src/errors.ts";

export interface FlippedOptions {
  readonly numRuns?: number;
  /** What bytes become; anything unless given. */
  readonly values?: fc.Arbitrary<number>;
}

/**
 * Registers a test: whichever few bytes of a valid file are changed, `read` ends well or throws an
 * error of the project's own.
 */
export function flipped(
  what: string,
  file: () => Uint8Array,
  read: (bytes: Uint8Array) => Promise<unknown>,
  { numRuns = 1000, values = fc.nat(255) }: FlippedOptions = {},
): void {
  Deno.test(`${what}: flipped bytes give what lies inside the file, or a named error`, async () => {
    const valid = file();
    const flip = fc.tuple(fc.nat(valid.length - 1), values);
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 6 }), async (flips) => {
        const bytes = valid.slice();
        for (const [at, value] of flips) bytes[at] = value;
        try {
          await read(bytes);
        } catch (error) {
          assert(
            error instanceof SynaptileError,
            error instanceof Error ? error.stack : `${error}`,
          );
        }
      }),
      { numRuns },
    );
  });
}
