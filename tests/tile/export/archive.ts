import { PMTiles } from "pmtiles";

/** A PMTiles archive on disk, by the reader that its authors publish. */
export async function withArchive(
  path: string,
  test: (archive: PMTiles) => Promise<void>,
): Promise<void> {
  using file = await Deno.open(path);
  await test(
    new PMTiles({
      getKey: () => path,
      async getBytes(offset, length) {
        await file.seek(offset, Deno.SeekMode.Start);
        const bytes = new Uint8Array(length);
        let done = 0;
        for (let got; done < length && (got = await file.read(bytes.subarray(done)));) done += got;
        return { data: bytes.buffer.slice(0, done) };
      },
    }),
  );
}
