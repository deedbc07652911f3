import { explained } from "../tile/export/disk.ts";

/**
 * Writes a file as it comes, beside its place, and moves it there once it is whole: nobody finds
 * half a file. Throws `OutOfSpace`, or `Unreadable` where it cannot be written for another reason.
 */
export async function writeFile(
  path: string,
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const partial = `${path}.${Deno.pid}.part`;
  try {
    await Deno.writeFile(partial, ReadableStream.from(parts));
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch((missing) => {
      if (!(missing instanceof Deno.errors.NotFound)) throw missing;
    });
    throw explained(error, path);
  }
}
