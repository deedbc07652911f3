import { promisify } from "node:util";
import { constants, inflateRaw, type ZlibOptions } from "node:zlib";
import { TooLarge } from "../errors.ts";
import type { Source } from "../storage/source.ts";
import type { Format, Ignored, TensorInfo } from "./format.ts";
import { malformed, show } from "./malformed.ts";
import { headerEnd, MAX_HEADER, parseNpy } from "./npy.ts";
import { firstMember, listZip, type Member, placeOf } from "./zip.ts";

const SUFFIX = ".npy";
/** Enough for every header that NumPy writes. */
const USUAL_HEADER = 256;

const inflate = promisify<Uint8Array, ZlibOptions, Uint8Array>(inflateRaw);

/** NumPy's archive: a zip file of npy files, stored (`savez`) or deflated (`savez_compressed`). */
export const npz: Format = {
  name: "npz",
  about: {
    title: "NumPy archive",
    files: ["*.npz"],
    reads: "members *.npy, stored or deflated",
    not: "what the array format refuses; encrypted or split archives",
  },

  claims: (head, name) => name.endsWith(".npz") || firstMember(head).endsWith(SUFFIX),

  async list(source, { signal } = {}) {
    const members = await listZip(source, signal, { ahead: USUAL_HEADER });
    const tensors: TensorInfo[] = [];
    const ignored: Ignored[] = [];
    for (const member of members) {
      if (!member.name.endsWith(SUFFIX)) continue;
      try {
        tensors.push(await tensor(source, member, signal));
      } catch (error) {
        if (!(error instanceof TooLarge)) throw error;
        const reason = `its ${member.packed} bytes would be inflated to ${member.size} at once`;
        ignored.push({ name: nameOf(member), reason });
      }
    }
    return { tensors, ignored, metadata: {} };
  },
};

const nameOf = ({ name }: Member) => name.slice(0, -SUFFIX.length);

async function tensor(archive: Source, member: Member, signal?: AbortSignal): Promise<TensorInfo> {
  const file = `${archive.name}, member ${show(member.name)}`;
  let head = await start(archive, file, member, USUAL_HEADER, signal);
  if (headerEnd(head) > head.length) head = await start(archive, file, member, MAX_HEADER, signal);
  const { source, offset } = placeOf(archive, member);
  return parseNpy(file, nameOf(member), head, { source, start: offset, size: member.size });
}

/** The first `length` bytes of a member, or all where it is shorter; inflates no more than needed. */
async function start(
  source: Source,
  file: string,
  member: Member,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const wanted = Math.min(length, member.size);
  if (!member.deflated && member.head && member.head.length >= wanted) {
    return member.head.subarray(0, wanted);
  }
  if (!member.deflated) return source.read(member.offset, wanted, signal);
  // Deflate adds a few hundred bytes of tables at most before it gets to the point.
  const packed = await source.read(member.offset, Math.min(member.packed, wanted + 1024), signal);
  try {
    const bytes = await inflate(packed, { finishFlush: constants.Z_SYNC_FLUSH });
    return bytes.subarray(0, wanted);
  } catch (error) {
    throw malformed(
      file,
      "compressed data",
      "no deflate stream",
      "one that begins a header",
      error,
    );
  }
}
