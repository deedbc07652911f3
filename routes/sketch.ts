import { Hono } from "hono";
import { atStep } from "../src/model/steps.ts";
import { cacheControl, json, only, REVALIDATE, type Service } from "./answer.ts";

/** `/{model}/{layer}`: what one pass over the layer's values tells, at once where it was ingested. */
export function sketchRoutes({ engine }: Service): Hono {
  return new Hono().get("/:model/:layer", async (c) => {
    const query = only(c.req.raw, "v", "step");
    const model = atStep(engine.model(c.req.param("model")), query);
    const sketch = await engine.sketch(model, c.req.param("layer"), c.req.raw.signal);
    // An ingest may bring a histogram yet.
    return json(c.req.raw, sketch, sketch.histogram ? cacheControl(query, model) : REVALIDATE);
  });
}
