import { Hono } from "hono";
import type { Engine } from "../src/tile/tile.ts";
import { cors, type Service } from "./answer.ts";
import { catalogueRoutes } from "./catalogue.ts";
import { dziRoutes } from "./dzi.ts";
import { HotPath } from "./hot.ts";
import { inspectRoutes } from "./inspect.ts";
import { legendRoutes } from "./legend.ts";
import { opsRoutes } from "./ops.ts";
import { noMethod, noRoute, problem } from "./problem.ts";
import { summaryRoutes } from "./summary.ts";
import { tileRoutes } from "./tiles.ts";
import { viewerRoutes } from "./viewer.ts";

export interface AppOptions {
  /** Where the server is reached from outside, e.g. "https://example.org/maps". */
  readonly publicUrl?: string;
  /** The folder of the built page. */
  readonly viewer?: URL;
}

const built = new URL("../src/viewer/build/", import.meta.url);

/** The whole server, given what it serves from: pass it to `Deno.serve`, or call it in a test. */
export function createApp(
  engine: Engine,
  options: AppOptions = {},
): (request: Request) => Response | Promise<Response> {
  const service: Service = { engine, base: (options.publicUrl ?? "").replace(/\/+$/, "") };
  const hot = new HotPath(engine);
  const app = new Hono({ strict: false })
    .route("/", opsRoutes(service))
    .route("/", catalogueRoutes(service))
    .route("/tiles", tileRoutes(service, hot))
    .route("/dzi", dziRoutes(service, hot))
    .route("/legend", legendRoutes(service))
    .route("/inspect", inspectRoutes(service))
    .route("/summary", summaryRoutes(service))
    .route("/", viewerRoutes(options.viewer ?? built))
    .notFound(noRoute)
    .onError((error, c) => problem(error, c.req.raw));
  return (request) => hot.answer(request) ?? dispatch(app, request);
}

function dispatch(app: Hono, request: Request): Response | Promise<Response> {
  switch (request.method) {
    case "GET":
      return app.fetch(request);
    case "HEAD":
      return head(app, request);
    case "OPTIONS":
      return new Response(null, { status: 204, headers: preflight });
    default:
      return noMethod(request);
  }
}

/** GET's answer without its body, but with the body's length (RFC 9110 §8.6). */
async function head(app: Hono, request: Request): Promise<Response> {
  const answer = await app.fetch(new Request(request, { method: "GET" }));
  if (answer.body === null) return answer;
  const { status, headers } = answer;
  headers.set("Content-Length", String((await answer.bytes()).length));
  return new Response(null, { status, headers });
}

const preflight: [string, string][] = [
  ...cors,
  ["Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"],
  ["Access-Control-Allow-Headers", "*"],
  ["Access-Control-Max-Age", "86400"],
  ["Allow", "GET, HEAD, OPTIONS"],
];
