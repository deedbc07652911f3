import { Changed, Unreadable } from "../errors.ts";
import { AssembledSource } from "./assembled.ts";
import { DecodedSource } from "./decoded.ts";
import { FileSource } from "./file.ts";
import { InflatedSource } from "./inflated.ts";
import { MemorySource } from "./memory.ts";
import type { Source, SourceRef } from "./source.ts";

/**
 * Opens what a reference names, with handles of its own; a worker starts here.
 * Throws `Changed` for a file that is not the version the reference was made of.
 */
export function openSource(ref: SourceRef): Source {
  if (ref.kind === "file") return openFile(ref.path, ref.version);
  if (ref.kind === "memory") return new MemorySource(ref.name, ref.bytes);
  if (ref.kind === "inflated") {
    const { kind: _, from, ...span } = ref;
    return new InflatedSource(openSource(from), span);
  }
  if (ref.kind === "decoded") {
    const { kind: _, from, ...span } = ref;
    return new DecodedSource(openSource(from), span);
  }
  if (ref.kind === "assembled") return new AssembledSource(ref, openSource);
  throw new Unreadable(`a source of the kind ${ref.kind} cannot be opened here`);
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
