import { resolve, sep } from "node:path";
import { NotFound } from "../errors.ts";
import type { Catalogue } from "./catalogue.ts";
import { findModels } from "./find.ts";

/** Milliseconds without news after which a folder is looked through: files arrive in many writes. */
const QUIET = 300;

/**
 * Keeps the catalogue at what a folder holds until the signal: models that are put there appear,
 * those that are taken away disappear. Throws where the folder cannot be watched.
 */
export async function watchFolder(
  folder: string,
  catalogue: Catalogue,
  signal: AbortSignal,
): Promise<void> {
  const root = resolve(folder);
  const within = (path: string) => resolve(path).startsWith(root + sep) || resolve(path) === root;
  using watcher = Deno.watchFs(folder);
  const stop = () => watcher.close();
  signal.addEventListener("abort", stop, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = Promise.resolve();
  const look = () => {
    turn = turn.then(() => signal.aborted ? undefined : reconcile(folder, catalogue, within));
  };
  look(); // for what came before the watch began
  for await (const event of watcher) {
    if (event.kind === "access") continue;
    clearTimeout(timer);
    timer = setTimeout(look, QUIET);
  }
  clearTimeout(timer);
  await turn;
}

async function reconcile(
  folder: string,
  catalogue: Catalogue,
  within: (path: string) => boolean,
): Promise<void> {
  let paths: readonly string[];
  try {
    paths = findModels(folder);
  } catch (error) {
    if (!(error instanceof NotFound)) {
      // The folder may come back: whoever runs the server has to know, and nothing is taken out.
      console.error(`synaptile: ${folder} cannot be looked through:`, error);
      return;
    }
    paths = [];
  }
  await catalogue.reconcile(paths, within);
}
