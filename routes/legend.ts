import { Hono } from "hono";
import { cacheControl, json, type Service, split } from "./answer.ts";

/** `/{model}/{layer}/{mode}.json`: which colour means which value. */
export function legendRoutes({ engine }: Service): Hono {
  return new Hono().get("/:model/:layer/:file", async (c) => {
    const { model, layer, file } = c.req.param();
    const query = new URL(c.req.url).searchParams;
    const [mode] = split(file, ["json"]);
    const view = engine.view(model, layer, mode, query);
    const legend = await engine.legend(view, c.req.raw.signal);
    return json(c.req.raw, legend, cacheControl(query, view));
  });
}
