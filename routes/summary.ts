import { Hono } from "hono";
import { cacheControl, json, only, type Service } from "./answer.ts";

/** `/{model}/{layer}`: what is known of the layer's values. */
export function summaryRoutes({ engine }: Service): Hono {
  return new Hono().get("/:model/:layer", async (c) => {
    const query = only(c.req.raw, "v");
    const model = engine.model(c.req.param("model"));
    const summary = await engine.summary(model.id, c.req.param("layer"), c.req.raw.signal);
    return json(c.req.raw, summary, cacheControl(query, model));
  });
}
