import { cacheFolder } from "../storage/cache_folder.ts";
import { allowing, defaultPolicy } from "../storage/policy.ts";
import type { RemoteOptions } from "../storage/remote.ts";
import type { Flag, Given } from "./verb.ts";

/** Megabytes of remote models kept on disk. */
const CACHED = 2048;

/** What every verb that opens models knows of those behind URLs. */
export const reachFlags = {
  "allow-host": {
    type: "string",
    multiple: true,
    value: "HOST",
    about: "ask this host too, or *.example.org, where it is redirected to or requests name it",
  },
  "allow-private": {
    type: "boolean",
    about: "ask hosts at loopback and private addresses too",
  },
  "cache-dir": {
    type: "string",
    value: "DIR",
    about: "where parts of remote models are kept: the user's cache folder unless given",
  },
  "remote-cache": {
    type: "string",
    value: "MB",
    about: `how much of them is kept: ${CACHED} unless given, 0 for memory alone`,
  },
} as const satisfies Record<string, Flag>;

/** How models behind URLs are opened. Throws `UsageError` for numbers that are none. */
export function reachOf(given: Given): RemoteOptions {
  const bytes = (given.whole("remote-cache", 0) ?? CACHED) * 2 ** 20;
  const folder = given.text("cache-dir") ?? cacheFolder("remote", (name) => Deno.env.get(name));
  return {
    policy: {
      ...allowing(defaultPolicy, ...given.texts("allow-host")),
      private: given.has("allow-private"),
    },
    ...(folder !== undefined && bytes > 0 ? { cache: { folder, bytes } } : {}),
    tell: (message) => console.error(`synaptile: ${message}`),
  };
}
