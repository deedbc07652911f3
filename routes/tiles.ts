import { Hono } from "hono";
import { NotFound } from "../src/errors.ts";
import { canonicalQuery } from "../src/modes/options.ts";
import { parseTile, WHOLE } from "../src/tile/address.ts";
import { links, tileTemplate } from "../src/tile/links.ts";
import { describeMap } from "../src/tile/describe_map.ts";
import { matches } from "../src/tile/etag.ts";
import type { Address, Engine, Timings } from "../src/tile/tile.ts";
import {
  cacheControl,
  cachedTiming,
  json,
  PRELIMINARY,
  type Service,
  tileHeaders,
} from "./answer.ts";
import type { HotPath } from "./hot.ts";

/** `/{model}/{layer}/{mode}/{z}/{x}/{y}[@2x].{format}` and `/{model}/{layer}/{mode}/tile.json`. */
export function tileRoutes(service: Service, hot: HotPath): Hono {
  const { engine, base } = service;
  return new Hono()
    .get("/:model/:layer/:mode/tile.json", (c) => {
      const { model, layer, mode } = c.req.param();
      const { origin, searchParams: query } = new URL(c.req.url);
      const view = engine.view(model, layer, mode, query);
      const { plane } = view;
      const { legend, inspect, ...others } = links(view, layer, base || origin);
      return json(c.req.raw, {
        tilejson: "3.0.0",
        name: `${view.model.title}: ${layer}`,
        description: `${view.mode.title}: ${view.mode.about}`,
        version: "1.0.0",
        scheme: "xyz",
        tiles: [tileTemplate(view, layer, "png", base || origin)],
        minzoom: plane.minZoom,
        maxzoom: plane.maxZoom,
        "x-width": plane.width,
        "x-height": plane.height,
        "x-tile-size": plane.tileSize,
        "x-native-zoom": plane.nativeZoom,
        "x-axes": plane.axes,
        "x-version": view.version,
        "x-legend": legend,
        "x-inspect": inspect,
        ...("volume" in others ? { "x-volume": others.volume } : {}),
        ...("summary" in others ? { "x-summary": others.summary } : { "x-map": others.map }),
      }, cacheControl(query, view));
    })
    .get("/:model/:layer/:mode/map.json", (c) => {
      const { model: id, layer, mode } = c.req.param();
      const query = new URL(c.req.url).searchParams;
      const view = engine.view(id, layer, mode, query);
      if (view.layer !== null) {
        const message = `a single layer has no map: map.json is that of layer "${WHOLE}"`;
        throw new NotFound(message, { found: layer, expected: WHOLE });
      }
      const { model, options } = view;
      const { layout, norms } = engine.layout(model, view);
      // A layer's mode of that name makes the same of it.
      const same = engine.modes().find(({ name }) => name === mode);
      const own = same && { mode, query: canonicalQuery(same, options) };
      const body = describeMap(model, layout, norms, base, own);
      // Norms come with time.
      return json(c.req.raw, body, norms ? cacheControl(query, model) : PRELIMINARY);
    })
    .get("/:model/:layer/:mode/:z/:x/:file", (c) => {
      const { model, layer, mode, z, x, file } = c.req.param();
      const query = new URL(c.req.url).searchParams;
      const address = parseTile({ model, layer, mode, query }, z, x, file);
      return answerTile(c.req.raw, address, engine, hot);
    });
}

/** A tile, or a 304 before any work. The request's end ends the work. */
export async function answerTile(
  request: Request,
  address: Address,
  engine: Engine,
  hot: HotPath,
): Promise<Response> {
  const began = performance.now();
  const { version } = engine.model(address.model);
  const ticket = engine.ticket(address);
  if (!ticket.preliminary) hot.keep(request.url, address.model, version, ticket);
  if (matches(request.headers.get("If-None-Match"), ticket.etag)) {
    return new Response(null, { status: 304, headers: tileHeaders(ticket, cachedTiming) });
  }
  const known = ticket.cached();
  const tile = known ?? await ticket.tile(request.signal);
  const timing = known ? cachedTiming : timingOf(tile.timings, performance.now() - began);
  // What was planned may have had to be drawn from less.
  const drawn = tile.etag === ticket.etag ? {} : { etag: tile.etag, preliminary: true };
  const headers = tileHeaders({ ...ticket, ...drawn, headers: tile.headers }, timing);
  headers.push(["Content-Length", String(tile.bytes.length)]);
  return new Response(tile.bytes, { headers });
}

/** Server-Timing, in milliseconds; the total has the wait for a worker in it. */
function timingOf({ read, decode, draw, encode }: Timings, total: number): string {
  return Object.entries({ read, decode, draw, encode, total })
    .map(([name, ms]) => `${name};dur=${ms.toFixed(2)}`).join(", ");
}
