import { Hono } from "hono";
import type { Engine } from "../src/tile/tile.ts";
import { cors, type Service } from "./answer.ts";
import { addingRoutes } from "./adding.ts";
import { concealer } from "./conceal.ts";
import { catalogueRoutes } from "./catalogue.ts";
import { dziRoutes } from "./dzi.ts";
import { eventRoutes } from "./events.ts";
import { forwardRoutes } from "./forward.ts";
import { HotPath } from "./hot.ts";
import { ingestRoutes } from "./ingest.ts";
import { inspectRoutes } from "./inspect.ts";
import { legendRoutes } from "./legend.ts";
import { opsRoutes } from "./ops.ts";
import { noMethod, noRoute, problem } from "./problem.ts";
import { octreeRoutes } from "./octree.ts";
import { sketchRoutes } from "./sketch.ts";
import { summaryRoutes } from "./summary.ts";
import { tileRoutes } from "./tiles.ts";
import { Tokens } from "./tokens.ts";
import type { Uploads } from "../src/model/uploads.ts";
import { viewerRoutes } from "./viewer.ts";
import { volumeRoutes } from "./volume.ts";

export interface AppOptions {
  /** Where the server is reached from outside, e.g. "https://example.org/maps". */
  readonly publicUrl?: string;
  /** The folder of the built page. */
  readonly viewer?: URL;
  /** Who may read and write; everybody may read where it is not given, and nobody write. */
  readonly tokens?: Tokens;
  /** Where uploads go; none are taken without. */
  readonly uploads?: Uploads;
}

const built = new URL("../src/viewer/build/", import.meta.url);

/** The whole server, given what it serves from: pass it to `Deno.serve`, or call it in a test. */
export function createApp(
  engine: Engine,
  options: AppOptions = {},
): (request: Request) => Response | Promise<Response> {
  const { tokens = new Tokens(""), uploads } = options;
  const service: Service = {
    engine,
    base: (options.publicUrl ?? "").replace(/\/+$/, ""),
    ...(uploads ? { uploads } : {}),
  };
  const hot = new HotPath(engine);
  const app = new Hono({ getPath: routed })
    .route("/", opsRoutes(service))
    .route("/", eventRoutes(service))
    .route("/", ingestRoutes(service))
    .route("/", catalogueRoutes(service))
    .route("/", addingRoutes(service))
    .route("/", forwardRoutes(service))
    .route("/tiles", tileRoutes(service, hot))
    .route("/dzi", dziRoutes(service, hot))
    .route("/legend", legendRoutes(service))
    .route("/inspect", inspectRoutes(service))
    .route("/summary", summaryRoutes(service))
    .route("/sketch", sketchRoutes(service))
    .route("/octree", octreeRoutes(service))
    .route("/volume", volumeRoutes(service))
    .route("/", viewerRoutes(options.viewer ?? built))
    .notFound(noRoute)
    .onError((error, c) => problem(error, c.req.raw, concealer(engine, uploads)));
  if (tokens.readingIsOpen) {
    return (request) => hot.answer(request) ?? dispatch(app, tokens, request);
  }
  return (request) => dispatch(app, tokens, request);
}

function dispatch(app: Hono, tokens: Tokens, request: Request): Response | Promise<Response> {
  const { method } = request;
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: preflight });
  const allowed = methodsOf(new URL(request.url).pathname);
  if (!allowed.includes(method)) return noMethod(request, allowed);
  try {
    if (!isOpen(request)) tokens.check(request, reading.includes(method) ? "read" : "write");
  } catch (error) {
    return problem(error, request);
  }
  return method === "HEAD" ? head(app, request) : app.fetch(request);
}

/**
 * The path that is routed, a slash at its end aside. Taken from the parsed URL, as the tokens' check
 * is: one from its text is another where a Host header holds a "#" or a backslash.
 */
const routed = ({ url }: Request): string => new URL(url).pathname.replace(/(?<=.)\/$/, "");

const reading = ["GET", "HEAD"];

/** Methods that a path answers to. */
function methodsOf(path: string): readonly string[] {
  const further = path === "/models" || /^\/models\/[^/]+\/(_\/ingest|forward)\/?$/.test(path)
    ? ["POST"]
    : /^\/models\/[^/]+\/?$/.test(path)
    ? ["DELETE"]
    : [];
  return [...reading, ...further];
}

/** Files of the page: "/", "/name.js", "/assets/name.css"; and the health of the server. */
const open = /^\/((assets\/)?[\w@-][\w@.-]*\.\w+|healthz|readyz)?$/;

/** Whether nobody needs a token for it: the page asks for one itself. */
const isOpen = ({ method, url }: Request): boolean =>
  reading.includes(method) && open.test(new URL(url).pathname);

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
  ["Access-Control-Allow-Methods", "GET, HEAD, OPTIONS, POST, DELETE"],
  // The asterisk does not stand for this one (Fetch standard, CORS protocol).
  ["Access-Control-Allow-Headers", "*, Authorization"],
  ["Access-Control-Max-Age", "86400"],
  ["Allow", "GET, HEAD, OPTIONS, POST, DELETE"],
];
