import { Hono } from "hono";
import { cacheControl, json, type Service } from "./answer.ts";

/** `/{model}/{layer}`: how a layer's 3-D grid is merged, in numbers; the query is that of mode `octree`. */
export function octreeRoutes({ engine }: Service): Hono {
  return new Hono().get("/:model/:layer", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const { model, layer } = c.req.param();
    const view = engine.view(model, layer, "octree", query);
    const statistics = await engine.octree(view, c.req.raw.signal);
    return json(c.req.raw, statistics, cacheControl(query, view.model));
  });
}
