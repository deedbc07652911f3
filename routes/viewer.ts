import { Hono } from "hono";
import { NotFound } from "../src/errors.ts";
import { matches, tagOf } from "../src/tile/etag.ts";
import { cors, IMMUTABLE, type Pairs, REVALIDATE } from "./answer.ts";

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  json: "application/json",
  map: "application/json",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
  woff2: "font/woff2",
};

/** "name-1A2B3C4D.js": the name changes with the content. */
const hashed = /[-.](?:[0-9a-f]{8,}|[0-9A-Z]{8})\.\w+$/;

/** Browsers ask for it beside whatever they show; the page has its icon within itself. */
const noIcon: Pairs = [...cors, ["Cache-Control", "public, max-age=86400"]];

/** The page at `/` and the files beside it, from the folder that the build wrote. */
export function viewerRoutes(folder: URL): Hono {
  return new Hono()
    .get("/favicon.ico", () => new Response(null, { status: 204, headers: noIcon }))
    .get("/", (c) => serve(c.req.raw, folder, "index.html"))
    .get("/:name{[\\w@-][\\w@.-]*\\.\\w+}", (c) => serve(c.req.raw, folder, c.req.param("name")))
    .get("/assets/:name{[\\w@-][\\w@.-]*\\.\\w+}", (c) => {
      return serve(c.req.raw, folder, `assets/${c.req.param("name")}`);
    });
}

async function serve(request: Request, folder: URL, name: string): Promise<Response> {
  const url = new URL(name, folder);
  try {
    const { size, mtime } = await Deno.stat(url);
    const etag = tagOf(`${name} ${size} ${mtime?.getTime()}`);
    const headers: Pairs = [
      ...cors,
      ["ETag", etag],
      ["Cache-Control", hashed.test(name) ? IMMUTABLE : REVALIDATE],
      ["X-Content-Type-Options", "nosniff"],
    ];
    if (matches(request.headers.get("If-None-Match"), etag)) {
      return new Response(null, { status: 304, headers });
    }
    const type = types[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    return new Response(await Deno.readFile(url), {
      headers: [...headers, ["Content-Type", type]],
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const hint = name === "index.html" ? "; build the page with: deno task build" : "";
    throw new NotFound(`there is no file "${name}" of the page${hint}`, { found: name });
  }
}
