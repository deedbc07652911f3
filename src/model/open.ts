import { basename, resolve } from "node:path";
import { FormatError } from "../errors.ts";
import type { Listing, TensorInfo } from "../formats/format.ts";
import { show } from "../formats/malformed.ts";
import { detectSource } from "../formats/table.ts";
import { FileSource } from "../storage/file.ts";
import { openBeside } from "../storage/beside.ts";
import type { Source } from "../storage/source.ts";
import { fingerprint } from "../storage/version.ts";
import { locate, stem } from "./find.ts";
import type { Model } from "./model.ts";
import { arrange } from "./structure.ts";

/** Opening a model. */
export interface OpenOptions {
  /** Its id; the stem of its file or folder where not given. */
  readonly id?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens a model file, or a folder that holds one: reads every header and no tensor.
 * Throws `Unreadable`, `FormatError`, and `BadRequest` for a folder of several models.
 */
export async function openModel(path: string, options: OpenOptions = {}): Promise<Model> {
  const sources: Source[] = [];
  const open = (source: Source) => {
    sources.push(source);
    return source;
  };
  const { signal } = options;
  try {
    const listings: Listing[] = [];
    let format = "";
    for (const file of locate(path)) {
      const source = open(new FileSource(file));
      const kind = await detectSource(source, signal);
      format ||= kind.name;
      const beside = (path: string) => Promise.resolve().then(() => open(openBeside(file, path)));
      listings.push(await kind.list(source, { beside, ...(signal ? { signal } : {}) }));
    }
    const tensors = listings.flatMap((listing) => listing.tensors);
    refuseDuplicates(path, tensors);
    const metadata = Object.assign({}, ...listings.map((listing) => listing.metadata));
    const graph = listings.length === 1 ? listings[0]!.graph : undefined;
    const { layers, structure } = arrange({ tensors, graph, metadata });
    return {
      id: options.id ?? stem(path),
      title: basename(resolve(path)),
      format,
      version: fingerprint(...sources.map((source) => source.version)),
      parameters: layers.reduce((sum, { parameters }) => sum + parameters, 0),
      bytes: sources.reduce((sum, source) => sum + source.size, 0),
      tensors,
      views: listings.flatMap((listing) => listing.views ?? []),
      ignored: listings.flatMap((listing) => listing.ignored ?? []),
      layers,
      structure,
      metadata,
      check: () => sources.forEach((source) => source.check()),
      close: () => sources.forEach((source) => source.close()),
    };
  } catch (error) {
    sources.forEach((source) => source.close());
    throw error;
  }
}

function refuseDuplicates(path: string, tensors: readonly TensorInfo[]): void {
  const names = new Set<string>();
  for (const { name } of tensors) {
    if (names.has(name)) {
      const details = { file: path, field: name, found: "given twice", expected: "once" };
      throw new FormatError(`${path}: tensor ${show(name)} is given twice`, details);
    }
    names.add(name);
  }
}
