import { Hono } from "hono";
import { atStep } from "../src/model/steps.ts";
import { cacheControl, json, only, type Service } from "./answer.ts";

/** `/{model}/{layer}`: what is known of the layer's values. */
export function summaryRoutes({ engine }: Service): Hono {
  return new Hono().get("/:model/:layer", async (c) => {
    const query = only(c.req.raw, "v", "step");
    const model = atStep(engine.model(c.req.param("model")), query);
    const summary = await engine.summary(model, c.req.param("layer"), c.req.raw.signal);
    return json(c.req.raw, summary, cacheControl(query, model));
  });
}
