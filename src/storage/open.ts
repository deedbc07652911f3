import { Changed, Unreadable } from "../errors.ts";
import { AssembledSource } from "./assembled.ts";
import { DecodedSource } from "./decoded.ts";
import { FileSource } from "./file.ts";
import { InflatedSource } from "./inflated.ts";
import { MemorySource } from "./memory.ts";
import type { Source, SourceRef } from "./source.ts";

/** Opens a remote object, or what stands for it where nothing can be waited for. */
export type OpenRemote = (ref: SourceRef & { readonly kind: "remote" }) => Source;

const nowhere: OpenRemote = ({ url }) => {
  throw new Unreadable(`${url} cannot be opened here: nothing fetches its bytes`, { url });
};

/**
 * Opens what a reference names, with handles of its own; a worker starts here.
 * Throws `Changed` for a file that is not the version the reference was made of.
 */
export function openSource(ref: SourceRef, remote: OpenRemote = nowhere): Source {
  const open = (ref: SourceRef) => openSource(ref, remote);
  if (ref.kind === "file") return openFile(ref.path, ref.version);
  if (ref.kind === "memory") return new MemorySource(ref.name, ref.bytes);
  if (ref.kind === "inflated") {
    const { kind: _, from, ...span } = ref;
    return new InflatedSource(open(from), span);
  }
  if (ref.kind === "decoded") {
    const { kind: _, from, ...span } = ref;
    return new DecodedSource(open(from), span);
  }
  if (ref.kind === "assembled") return new AssembledSource(ref, open);
  return remote(ref);
}

function openFile(path: string, version: string): Source {
  const source = new FileSource(path);
  if (source.version === version) return source;
  source.close();
  throw new Changed(
    `${path} is version ${source.version}, no longer ${version}`,
    { file: path, found: source.version, expected: version },
  );
}
