import { Hono } from "hono";
import { SynaptileError } from "../src/errors.ts";
import type { IngestState } from "../src/tile/ingest.ts";
import type { EngineEvent } from "../src/tile/ingests.ts";
import type { Engine } from "../src/tile/tile.ts";
import { concealer } from "./conceal.ts";
import { cors, only, type Service } from "./answer.ts";

/** Milliseconds between two signs of life, so that proxies do not take the silence for an end. */
const HEARTBEAT = 15_000;
/** Events that wait for a client that does not read, at most: it has to come back then. */
const WAITING = 4096;

/** An answer that is true only now. */
export const live = (body: unknown): Response =>
  Response.json(body, { headers: [...cors, ["Cache-Control", "no-store"]] });

/**
 * `/events[?model=]`: server-sent events. `ingest` tells how far a model has been read, `layer` that
 * pictures of a layer are exact from now on.
 */
export function eventRoutes({ engine, uploads }: Service): Hono {
  const conceal = concealer(engine, uploads);
  return new Hono().get("/events", (c) => {
    const model = only(c.req.raw, "model").get("model");
    if (model !== null) engine.model(model); // throws where there is none
    const { signal } = c.req.raw;
    let stop = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        let isOver = false;
        const end = () => {
          if (isOver) return;
          stop();
          controller.close();
        };
        const send = (text: string) => {
          if ((controller.desiredSize ?? 0) < -WAITING) return end();
          controller.enqueue(new TextEncoder().encode(text));
        };
        const tell = (event: EngineEvent) => {
          if (model === null || event.model === model) {
            send(spell(event.kind === "ingest" ? forClients(event, conceal) : event));
          }
        };
        const deaf = engine.listen(tell);
        const timer = setInterval(() => send(":\n\n"), HEARTBEAT);
        stop = () => {
          if (isOver) return;
          isOver = true;
          deaf();
          clearInterval(timer);
        };
        signal.addEventListener("abort", () => end());
        send("retry: 2000\n\n");
        const models = model === null ? engine.models().map(({ id }) => id) : [model];
        for (const id of models) {
          const state = stateOf(engine, id);
          if (state) tell({ kind: "ingest", ...state });
        }
      },
      // Which has closed it already.
      cancel: () => stop(),
    });
    return new Response(body, {
      headers: [...cors, ["Content-Type", "text/event-stream"], ["Cache-Control", "no-store"]],
    });
  });
}

/** Errors in it name files by their paths. */
export const forClients = <State extends IngestState>(
  state: State,
  conceal: (text: string) => string,
): State => ({
  ...state,
  failures: state.failures.map((failure) => ({ ...failure, detail: conceal(failure.detail) })),
  ...(state.detail === undefined ? {} : { detail: conceal(state.detail) }),
});

/** Null also for a model that has changed, or gone: of what becomes of it there will be news. */
function stateOf(engine: Engine, id: string): IngestState | null {
  try {
    return engine.ingest(id);
  } catch (error) {
    if (error instanceof SynaptileError) return null;
    throw error;
  }
}

const spell = ({ kind, ...data }: EngineEvent) =>
  `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
