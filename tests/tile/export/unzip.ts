import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import yauzl from "yauzl";

interface Entry {
  readonly fileName: string;
  readonly compressionMethod: number;
  readonly crc32: number;
}
interface Reader {
  readEntry(): void;
  on(event: string, hear: (value: Entry) => void): void;
  openReadStream(
    entry: Entry,
    done: (error: Error | null, stream: AsyncIterable<Buffer>) => void,
  ): void;
}

/**
 * Members of a zip file, by a reader of another hand, sums and sizes compared. All are listed; those
 * that `wanted` leaves out are not read.
 */
export async function unzip(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, Uint8Array>> {
  const open = promisify(yauzl.open as unknown as typeof opens);
  const zip = await open(path, { lazyEntries: true, strictFileNames: true });
  const members = new Map<string, Uint8Array>();
  await new Promise<void>((resolve, reject) => {
    zip.on("error", reject as never);
    zip.on("end", () => resolve());
    zip.on("entry", (entry) => {
      if (entry.compressionMethod !== 0) reject(new Error(`${entry.fileName} is not stored`));
      if (!wanted(entry.fileName)) {
        members.set(entry.fileName, new Uint8Array());
        return zip.readEntry();
      }
      zip.openReadStream(entry, async (error, stream) => {
        if (error) return reject(error);
        const parts: Uint8Array[] = [];
        try {
          for await (const part of stream) parts.push(part);
        } catch (error) {
          return reject(error);
        }
        const bytes = new Uint8Array(Buffer.concat(parts));
        if (crc32(bytes) !== entry.crc32) reject(new Error(`${entry.fileName} has another sum`));
        members.set(entry.fileName, bytes);
        zip.readEntry();
      });
    });
    zip.readEntry();
  });
  return members;
}

declare function opens(
  path: string,
  options: { lazyEntries: boolean; strictFileNames: boolean },
  done: (error: Error | null, zip: Reader) => void,
): void;
