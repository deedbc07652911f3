import { cacheFolder } from "../storage/cache_folder.ts";
import type { EngineOptions } from "../tile/engine.ts";
import { type Flag, type Given, UsageError } from "./verb.ts";

/** Megabytes of all stores. */
const KEPT = 32768;

/** What verbs that keep what they find know of where. */
export const storeFlags = {
  store: {
    type: "string",
    value: "DIR",
    about:
      "where statistics of models are kept: the user's cache folder unless given; none: nowhere",
  },
  "store-limit": {
    type: "string",
    value: "MB",
    about: `how much of them, those used longest ago go first: ${KEPT} unless given`,
  },
} as const satisfies Record<string, Flag>;

/** Where statistics are kept, if anywhere. Throws `UsageError` for a limit that is no number. */
export function storeOf(given: Given, background: boolean): Pick<EngineOptions, "store"> {
  const limit = (given.whole("store-limit", 0) ?? KEPT) * 2 ** 20;
  const asked = given.text("store");
  if (asked === "") throw new UsageError("--store needs a folder, or none");
  const folder = asked ?? cacheFolder("stores", (name) => Deno.env.get(name));
  if (folder === undefined || folder === "none") return {};
  if (Deno.permissions.querySync({ name: "write", path: folder }).state !== "granted") {
    if (asked === undefined) return {};
    throw new UsageError(
      `this process may not write to ${folder}: run it as "deno task synaptile serve", or with ` +
        `--allow-write=${folder}`,
    );
  }
  const tell = (message: string) => console.error(`synaptile: ${message}`);
  return { store: { folder, limit, background, tell } };
}
