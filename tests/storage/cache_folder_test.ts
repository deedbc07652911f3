import { assertEquals } from "@std/assert";
import { cacheFolder } from "../../src/storage/cache_folder.ts";

Deno.test("cache folder: where each system keeps caches, or nowhere", () => {
  const at = (system: typeof Deno.build.os, env: Record<string, string>) =>
    cacheFolder("remote", (name) => env[name], system);
  assertEquals(at("linux", { HOME: "/home/me" }), "/home/me/.cache/synaptile/remote");
  const both = { HOME: "/home/me", XDG_CACHE_HOME: "/fast" };
  assertEquals(at("linux", both), "/fast/synaptile/remote");
  const relative = { HOME: "/home/me", XDG_CACHE_HOME: "fast" };
  assertEquals(at("linux", relative), "/home/me/.cache/synaptile/remote");
  assertEquals(at("darwin", { HOME: "/Users/me" }), "/Users/me/Library/Caches/synaptile/remote");
  assertEquals(at("windows", { LOCALAPPDATA: "/local" }), "/local/synaptile/remote");
  assertEquals(at("linux", {}), undefined);
  const stores = cacheFolder("stores", (name) => name === "HOME" ? "/home/me" : undefined, "linux");
  assertEquals(stores, "/home/me/.cache/synaptile/stores");
});
