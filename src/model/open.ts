import { Changed, FormatError } from "../errors.ts";
import type { Listing, Metadata, TensorInfo } from "../formats/format.ts";
import { show } from "../formats/malformed.ts";
import { detectSource } from "../formats/table.ts";
import { isRemote } from "../storage/scheme.ts";
import type { Source } from "../storage/source.ts";
import { supplier } from "../storage/supply.ts";
import { fingerprint } from "../storage/version.ts";
import { openCapture, parametersOf, refuseStep } from "./steps.ts";
import { stem, titleOf } from "./find.ts";
import type { Model } from "./model.ts";
import { openPlace, type Reach } from "./place.ts";
import { arrange } from "./structure.ts";

/** Opening a model. */
export interface OpenOptions extends Reach {
  /** Its id; the stem of its file, folder or URL where not given. */
  readonly id?: string;
}

/**
 * Opens a model file, or a folder that holds one, by path or URL: reads every header and no tensor.
 * Throws `Unreadable`, `FormatError`, and `BadRequest` for a folder of several models.
 */
export async function openModel(path: string, options: OpenOptions = {}): Promise<Model> {
  const sources: Source[] = [];
  const missing: { readonly path: string; readonly appeared: (path: string) => boolean }[] = [];
  let failed = false;
  const open = (source: Source) => {
    sources.push(source);
    if (failed) source.close(); // opened beside others, one of which could not be
    return source;
  };
  const { signal } = options;
  try {
    const listings: Listing[] = [];
    let format = "";
    for await (const opened of openPlace(path, options)) {
      const source = open(opened.source);
      const kind = await detectSource(source, signal);
      format ||= kind.name;
      const beside = async (path: string) => {
        try {
          return open(await opened.beside(path));
        } catch (error) {
          if (opened.appeared) missing.push({ path, appeared: opened.appeared });
          throw error;
        }
      };
      listings.push(await kind.list(source, { beside, ...(signal ? { signal } : {}) }));
    }
    const [{ capture = null }] = listings as [Listing];
    const tensors = listings.flatMap((listing) => listing.tensors);
    refuseDuplicates(isRemote(path) ? titleOf(path) : path, tensors); // a URL may hold secrets
    const fetch = supplier(sources);
    const pairs = listings.flatMap(({ metadata }) => Object.entries(metadata));
    const metadata: Metadata = Object.fromEntries(pairs); // an assignment would obey "__proto__"
    const { graph, inputs } = listings.length === 1 ? listings[0]! : {};
    const id = options.id ?? stem(path);
    const common = {
      id,
      title: titleOf(path),
      format,
      version: fingerprint(...sources.map((source) => source.version)),
      bytes: sources.reduce((sum, source) => sum + source.size, 0),
      views: listings.flatMap((listing) => listing.views ?? []),
      ignored: listings.flatMap((listing) => listing.ignored ?? []),
      failures: listings.flatMap((listing) => listing.failures ?? []),
      metadata,
      ...(fetch ? { fetch } : {}),
      ...(inputs ? { network: { id, inputs } } : {}),
      check() {
        sources.forEach((source) => source.check());
        const there = missing.find(({ path, appeared }) => appeared(path));
        if (!there) return;
        throw new Changed(`${there.path} is there now, and was not when the model was opened`, {
          file: there.path,
        });
      },
      close: () => sources.forEach((source) => source.close()),
    };
    if (capture) return openCapture(common, capture);
    const { layers, structure } = arrange({ tensors, graph, metadata });
    return {
      ...{ ...common, tensors, layers, structure, parameters: parametersOf(layers) },
      ...{ step: null, steps: [], at: (step) => refuseStep(common.id, step, []) },
    };
  } catch (error) {
    failed = true;
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
