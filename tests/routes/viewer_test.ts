import { assertEquals, assertMatch } from "@std/assert";
import { pathToFileURL } from "node:url";
import { createApp } from "../../routes/app.ts";
import { fake } from "./fake.ts";

Deno.test("the page's files come with their types; those with a hash in their name for ever", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/index.html`, "<!doctype html>");
    await Deno.writeTextFile(`${folder}/main-1A2B3C4D.js`, "1");
    await Deno.writeTextFile(`${folder}/page.css`, "");
    const app = createApp(fake().engine, { viewer: pathToFileURL(`${folder}/`) });
    const get = async (path: string, headers: HeadersInit = {}) => {
      const response = await app(new Request(`http://localhost${path}`, { headers }));
      await response.body?.cancel();
      return response;
    };
    const index = await get("/");
    assertEquals(index.headers.get("Content-Type"), "text/html; charset=utf-8");
    assertEquals(index.headers.get("Cache-Control"), "public, no-cache");
    const known = await get("/", { "If-None-Match": index.headers.get("ETag")! });
    assertEquals(known.status, 304);
    const script = await get("/main-1A2B3C4D.js");
    assertEquals(script.headers.get("Content-Type"), "text/javascript; charset=utf-8");
    assertMatch(script.headers.get("Cache-Control") ?? "", /immutable/);
    assertEquals((await get("/page.css")).headers.get("Cache-Control"), "public, no-cache");
    assertEquals((await get("/favicon.ico")).status, 204, "the page has its icon within itself");
    for (const path of ["/none.js", "/..%2fdeno.json", "/.git", "/%2e%2e/deno.json", "/a%00.js"]) {
      assertEquals((await get(path)).status, 404, path);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a page that was not built says how to build it", async () => {
  const app = createApp(fake().engine, { viewer: new URL("file:///nowhere/") });
  const response = await app(new Request("http://localhost/"));
  assertEquals(response.status, 404);
  assertMatch((await response.json()).detail, /deno task build/);
});
