import { Hono } from "hono";
import { whole } from "../src/tile/address.ts";
import { checkBrick, DETAIL, detailOf } from "../src/tile/body.ts";
import { describeBody } from "../src/tile/describe.ts";
import { matches } from "../src/tile/etag.ts";
import { cacheControl, cors, json, type Pairs, type Service, split } from "./answer.ts";

/**
 * `/{model}/{layer}/{mode}`: a volume that rays can march through, whatever it is seen from;
 * `/{model}/{layer}/{mode}/{brick}.bin`: its voxels, some slices at a time.
 */
export function volumeRoutes({ engine, base }: Service): Hono {
  const open = (request: Request, model: string, layer: string, mode: string) => {
    const query = new URL(request.url).searchParams;
    const own = new URLSearchParams(query);
    for (const name of DETAIL) own.delete(name);
    const view = engine.view(model, layer, mode, own);
    const body = engine.body(view, detailOf(query, view.plane.maxZoom));
    return { view, body, caching: cacheControl(query, view) };
  };
  return new Hono()
    .get("/:model/:layer/:mode", (c) => {
      const { model, layer, mode } = c.req.param();
      const { view, body, caching } = open(c.req.raw, model, layer, mode);
      return json(c.req.raw, describeBody(view, body, layer, base), caching);
    })
    .get("/:model/:layer/:mode/:file", async (c) => {
      const { model, layer, mode, file } = c.req.param();
      const [stem] = split(file, ["bin"]);
      const brick = whole("brick", stem);
      const { view, body, caching } = open(c.req.raw, model, layer, mode);
      checkBrick(body, brick);
      const etag = `"${body.content}-${brick}"`;
      const headers: Pairs = [...cors, ["ETag", etag], ["Cache-Control", caching]];
      if (matches(c.req.raw.headers.get("If-None-Match"), etag)) {
        return new Response(null, { status: 304, headers });
      }
      const voxels = await engine.brick(view, body, brick, c.req.raw.signal);
      headers.push(["Content-Type", "application/octet-stream"]);
      headers.push(["Content-Length", String(voxels.length)]);
      return new Response(voxels, { headers });
    });
}
