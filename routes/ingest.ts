import { Hono } from "hono";
import { BadRequest, NotFound } from "../src/errors.ts";
import { only, type Service } from "./answer.ts";
import { concealer } from "./conceal.ts";
import { forClients, live } from "./events.ts";

const states = ["paused", "running"] as const;

/** `/models/{model}/_/ingest`: how far a model has been read; POST lets that rest or go on. */
export function ingestRoutes({ engine, uploads }: Service): Hono {
  const conceal = concealer(engine, uploads);
  return new Hono()
    .get("/models/:model/_/ingest", (c) => {
      only(c.req.raw);
      const id = c.req.param("model");
      const state = engine.ingest(id);
      if (state) return live(forClients(state, conceal));
      throw new NotFound(`model "${id}" is read only as far as it is looked at`, { model: id });
    })
    .post("/models/:model/_/ingest", async (c) => {
      only(c.req.raw);
      const asked = await stateOf(c.req.raw);
      return live(forClients(engine.setIngest(c.req.param("model"), asked), conceal));
    });
}

async function stateOf(request: Request): Promise<typeof states[number]> {
  const text = await request.text();
  let found: unknown;
  try {
    found = (JSON.parse(text) as { state?: unknown } | null)?.state;
  } catch (cause) {
    throw new BadRequest(`the body is no JSON: ${text.slice(0, 40)}`, { expected: states }, cause);
  }
  const state = states.find((name) => name === found);
  if (state) return state;
  const expected = '{"state": "paused"} or {"state": "running"}';
  throw new BadRequest(`the body's state is ${JSON.stringify(found)}, expected ${expected}`, {
    parameter: "state",
    found,
    allowed: states,
  });
}
