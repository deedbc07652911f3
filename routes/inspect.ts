import { Hono } from "hono";
import { BadRequest } from "../src/errors.ts";
import { whole } from "../src/tile/address.ts";
import { cacheControl, json, type Service } from "./answer.ts";

/** `/{model}/{layer}/{mode}?x=&y=[&z=]`: the cell there, its tensor index, value and statistics. */
export function inspectRoutes({ engine }: Service): Hono {
  return new Hono().get("/:model/:layer/:mode", async (c) => {
    const { model, layer, mode } = c.req.param();
    const query = new URL(c.req.url).searchParams;
    const x = required(query, "x"), y = required(query, "y");
    const z = query.get("z") === null ? undefined : whole("z", query.get("z")!);
    for (const name of ["x", "y", "z"]) query.delete(name);
    const view = engine.view(model, layer, mode, query);
    const found = await engine.inspect(view, x, y, z, c.req.raw.signal);
    return json(c.req.raw, found, cacheControl(query, view));
  });
}

function required(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text !== null) return whole(name, text);
  const message = `${name} is missing: x and y are the cell's column and row, counted from 0`;
  throw new BadRequest(message, { parameter: name });
}
