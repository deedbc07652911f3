import { Hono } from "hono";
import { cors, type Service } from "./answer.ts";

/** For whoever runs the server: does it live, and can it answer? */
export function opsRoutes({ engine }: Service): Hono {
  return new Hono()
    .get("/healthz", () => report(200, { status: "ok" }))
    .get("/readyz", () => {
      const models = engine.models().length;
      return models > 0
        ? report(200, { status: "ready", models })
        : report(503, { status: "no model can be shown", models });
    });
}

const report = (status: number, body: unknown) =>
  Response.json(body, { status, headers: [...cors, ["Cache-Control", "no-store"]] });
