import { assertRejects, assertStringIncludes } from "@std/assert";
import { FormatError } from "../../src/errors.ts";
import type { Format } from "../../src/formats/format.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";

/** Registers a test: the file is refused by a `FormatError` that names it and says all of `parts`. */
export function refused(
  what: string,
  format: Format,
  bytes: () => Uint8Array,
  ...parts: readonly string[]
): void {
  Deno.test(`${format.name}: ${what} is refused`, async () => {
    const source = new MeteredSource(new MemorySource("hostile", bytes()));
    const error = await assertRejects(() => format.list(source), FormatError);
    for (const part of ["hostile", ...parts]) assertStringIncludes(error.message, part);
  });
}
