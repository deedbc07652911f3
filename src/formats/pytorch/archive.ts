import type { Source } from "../../storage/source.ts";
import type { Listing } from "../format.ts";
import { malformed, show } from "../malformed.ts";
import { listZip, type Member, placeOf, readMember } from "../zip.ts";
import { MAX_PICKLE, unpickle } from "./pickle.ts";
import type { Container } from "./tensors.ts";
import { walk } from "./walk.ts";

// Layout (torch/csrc/jit/serialization, caffe2/serialize/inline_container.h): a zip archive with one
// folder of records: data.pkl, which is the object; data/0, data/1, … the bytes of its storages;
// byteorder ("little" where it is missing). One that TorchScript wrote also has code/, which is
// never looked at, and constants.pkl with constants/0, ….
const PICKLE = "data.pkl";
const CONSTANTS = "constants.pkl";
/** Of records that are a word or a number. */
const MAX_WORD = 64;
/** What writers align storages to where no record says otherwise. */
const ALIGNMENT = 64;

/** A checkpoint or a TorchScript module in a zip archive, as PyTorch writes since version 1.6. */
export async function listArchive(
  source: Source,
  base: string,
  signal?: AbortSignal,
): Promise<Listing> {
  const members = await listZip(source, signal, { alignment: ALIGNMENT });
  const folder = folderOf(source.name, members);
  const records = new Map(
    members.filter(({ name }) => name.startsWith(folder))
      .map((member) => [member.name.slice(folder.length), member]),
  );
  const bigEndian = await isBigEndian(source, records.get("byteorder"), signal);

  const read = async (pickle: string, data: string, base: string) => {
    const record = records.get(pickle)!;
    const file = `${source.name}, ${pickle}`;
    if (record.size > MAX_PICKLE) {
      throw malformed(file, "length", record.size, `at most ${MAX_PICKLE} bytes`);
    }
    const value = unpickle(file, await readMember(source, record, signal));
    const container: Container = {
      file: source.name,
      bigEndian,
      place({ key }) {
        const member = records.get(data + key);
        if (member) return { ...placeOf(source, member), bytes: member.size };
        throw malformed(file, `storage ${show(key)}`, "missing", `a record ${show(data + key)}`);
      },
    };
    return walk(value, base, container);
  };

  const listing = await read(PICKLE, "data/", base);
  if (!records.has(CONSTANTS)) return listing;
  const constants = await read(CONSTANTS, "constants/", "constants");
  const named = constants.tensors.map((tensor) => ({
    ...tensor,
    name: `constants.${tensor.name}`,
  }));
  return { ...listing, tensors: [...listing.tensors, ...named] };
}

/** The records' folder with its slash: that of the outermost pickle. */
function folderOf(file: string, members: readonly Member[]): string {
  const folders = members.map(({ name }) => name)
    .filter((name) => name === PICKLE || name.endsWith(`/${PICKLE}`))
    .map((name) => name.slice(0, -PICKLE.length))
    .sort((a, b) => a.length - b.length);
  if (folders[0] !== undefined) return folders[0];
  throw malformed(file, "archive", `${members.length} members, none data.pkl`, "a checkpoint");
}

async function isBigEndian(source: Source, member: Member | undefined, signal?: AbortSignal) {
  if (!member) return false;
  const word = member.size > MAX_WORD
    ? `${member.size} bytes`
    : new TextDecoder().decode(await readMember(source, member, signal));
  if (word === "little" || word === "big") return word === "big";
  throw malformed(source.name, "byteorder", show(word), '"little" or "big"');
}
