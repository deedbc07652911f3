import { join } from "node:path";

/**
 * Where this program may keep what it can do without, as the system has it: XDG's cache folder,
 * or its like on macOS and Windows: parts of remote models, or stores of statistics. Undefined where the environment names no home.
 */
export function cacheFolder(
  kind: "remote" | "stores",
  env: (name: string) => string | undefined,
  system: typeof Deno.build.os = Deno.build.os,
): string | undefined {
  const home = env("HOME");
  const given = env("XDG_CACHE_HOME");
  const folder = given?.startsWith("/")
    ? given // XDG: relative ones are to be ignored
    : system === "windows"
    ? env("LOCALAPPDATA")
    : home && join(home, system === "darwin" ? "Library/Caches" : ".cache");
  return folder && join(folder, "synaptile", kind);
}
