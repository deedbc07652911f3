import { BadRequest } from "../errors.ts";
import { isBeside, openBeside } from "../storage/beside.ts";
import { FileSource } from "../storage/file.ts";
import type { Remote } from "../storage/remote.ts";
import { isRemote } from "../storage/scheme.ts";
import type { Source } from "../storage/source.ts";
import { locate } from "./find.ts";

/** What opening a place may use. */
export interface Reach {
  /** Opens URLs; made when the first is opened. Without it, there are only paths. */
  readonly remote?: () => Promise<Remote>;
  /** Whether whoever named the place runs this program: then a URL's host may be any. */
  readonly trusted?: boolean;
  readonly signal?: AbortSignal;
}

/** A file of a model, open, and what opens others by a path relative to it. */
export interface Opened {
  readonly source: Source;
  readonly beside: (path: string) => Promise<Source>;
  /** Whether a file that could not be opened can be by now. Not there where asking takes a wait. */
  readonly appeared?: (path: string) => boolean;
}

/** Opens the files to read for the model at a path or URL, one after the other. Throws as they do. */
export async function* openPlace(place: string, reach: Reach): AsyncGenerator<Opened> {
  if (isRemote(place)) {
    yield await openUrl(place, reach);
    return;
  }
  for (const file of locate(place)) {
    const beside = (path: string) => Promise.resolve().then(() => openBeside(file, path));
    yield { source: new FileSource(file), beside, appeared: (path) => isBeside(file, path) };
  }
}

async function openUrl(url: string, { remote: access, trusted, signal }: Reach): Promise<Opened> {
  if (!access) throw new BadRequest("models are opened by path here, not by URL");
  const remote = await access();
  const source = await remote.open(url, trusted, signal);
  return { source, beside: (path) => remote.beside(source, path, trusted, signal) };
}
