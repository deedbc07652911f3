import type { Context } from "hono";
import { NotFound, SynaptileError } from "../src/errors.ts";
import { cors, type Pairs } from "./answer.ts";

/**
 * Any thrown value as RFC 9457 has it: the one place where errors become HTTP. `conceal` takes out
 * what is no client's business.
 */
export function problem(
  thrown: unknown,
  request: Request,
  conceal: (text: string) => string = (text) => text,
): Response {
  const instance = pathOf(request);
  if (thrown instanceof SynaptileError) {
    const { name, status, title, message, details } = thrown;
    const retry = details["retryAfter"];
    const headers: Pairs = retry === undefined ? [] : [["Retry-After", String(retry)]];
    // RFC 6750, section 3.
    const scope = details["needed"] === "write" && status === 403;
    if (status === 401 || (scope && details["found"])) {
      const error = scope ? ', error="insufficient_scope"' : "";
      headers.push(["WWW-Authenticate", `Bearer realm="synaptile"${error}`]);
    }
    const members = { type: typeOf(name), title, status, detail: message, instance };
    return document({ ...members, ...details, ...members }, headers, conceal);
  }
  // Nobody reads this; the number is nginx's for a client that has gone.
  if (request.signal.aborted) return new Response(null, { status: 499 });
  console.error(`${request.method} ${instance}:`, thrown);
  const detail = "the server failed on this request; its log has the reason";
  return document({
    type: typeOf("Internal"),
    title: "Internal error",
    status: 500,
    detail,
    instance,
  });
}

/** Where no route is: names those that are there. */
export function noRoute({ req: { raw } }: Context): Response {
  const message = `there is nothing at ${pathOf(raw)}`;
  return problem(new NotFound(message, { allowed: routes }), raw);
}

/** For methods that a path does not answer to. */
export function noMethod(request: Request, methods: readonly string[]): Response {
  const allowed = [...methods, "OPTIONS"];
  const detail = `${request.method} is not allowed here: there are ${allowed.join(", ")}`;
  return document(
    {
      type: typeOf("MethodNotAllowed"),
      title: "Method not allowed",
      status: 405,
      detail,
      instance: pathOf(request),
      allowed,
    },
    [["Allow", allowed.join(", ")]],
  );
}

const routes = [
  "/",
  "/models",
  "/formats",
  "/modes",
  "/colormaps",
  "/tiles/{model}/{layer}/{mode}/{z}/{x}/{y}.{format}",
  "/tiles/{model}/{layer}/{mode}/tile.json",
  "/dzi/{model}/{layer}/{mode}.dzi",
  "/legend/{model}/{layer}/{mode}.{json,svg,png}",
  "/inspect/{model}/{layer}/{mode}?x=&y=",
  "/summary/{model}/{layer}",
  "/sketch/{model}/{layer}",
  "/octree/{model}/{layer}",
  "/tiles/{model}/_/map/map.json",
  "/models/{model}/_/ingest",
  "/models/{model}/forward",
  "/events",
  "/healthz",
  "/readyz",
];

/** What RFC 9457 asks for; further members are the numbers behind the sentence. */
interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly [further: string]: unknown;
}

function document(
  body: Problem,
  headers: Pairs = [],
  conceal = (text: string) => text,
): Response {
  return new Response(conceal(JSON.stringify(body)), {
    status: body.status,
    headers: [
      ...cors,
      ["Content-Type", "application/problem+json"],
      ["Cache-Control", "no-store"],
      ...headers,
    ],
  });
}

const typeOf = (name: string) =>
  `urn:synaptile:${name.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()}`;

const pathOf = (request: Request) => {
  const { pathname, search } = new URL(request.url);
  return pathname + search;
};
