import { OutOfSpace } from "../errors.ts";
import { createEngine } from "../tile/engine.ts";
import type { IngestState } from "../tile/ingest.ts";
import { oneModel } from "./one.ts";
import { progress } from "./progress.ts";
import { reachFlags, reachOf } from "./reach.ts";
import { storeFlags, storeOf } from "./store.ts";
import { UsageError, type Verb } from "./verb.ts";

/**
 * Reads a model to its end and keeps what it finds. One that is interrupted, or killed, goes on
 * where it was when it is run again; several may work at one model.
 */
export const ingest: Verb = {
  name: "ingest",
  operands: "MODEL",
  about:
    "Read a model once and keep its statistics, so that every tile of it is quick from then on.",
  flags: {
    ...storeFlags,
    workers: { type: "string", value: "N", about: "threads that read; one a core unless given" },
    ...reachFlags,
    json: { type: "boolean", about: "say what was done as a line of JSON" },
    progress: { type: "boolean", about: "tell how far it is, even if nobody looks" },
    help: { type: "boolean", short: "h", about: "this text" },
  },
  examples: [
    "ingest model.safetensors",
    "ingest models/llama/ --store kept/",
  ],

  async run(given, signal) {
    const [path, ...others] = given.operands;
    if (path === undefined || others.length > 0) {
      throw new UsageError(`ingest takes one MODEL, found ${given.operands.length} arguments`);
    }
    const workers = given.whole("workers", 1, 256);
    const { store } = storeOf(given, false);
    if (!store) throw new UsageError("ingest needs a folder to keep things in: --store DIR");
    const engine = await createEngine([oneModel(path)], {
      cacheBytes: 0,
      remote: reachOf(given),
      store,
      ...(workers === undefined ? {} : { workers }),
    });
    try {
      const model = engine.models()[0]!; // none would have been thrown
      const before = engine.ingest(model.id)?.done ?? 0;
      const began = performance.now();
      const sign = progress({
        unit: "parameters",
        total: model.parameters,
        done: before,
        force: given.has("progress"),
      });
      const deaf = engine.listen((event) => event.kind === "ingest" && sign.set(event.done));
      try {
        await engine.ingestAll(model.id, signal);
        signal.throwIfAborted();
      } catch (error) {
        throw error instanceof OutOfSpace ? advised(error) : error;
      } finally {
        deaf();
        sign.end();
      }
      const state = engine.ingest(model.id)!;
      const seconds = (performance.now() - began) / 1000;
      if (given.has("json")) {
        const { parameters, bytes } = model;
        const { layers, failures } = state;
        const figures = { parameters, bytes, seconds, read: state.read };
        console.log(JSON.stringify({ ...figures, layers: layers.done, failures }));
      } else console.log(sentence(state, before, seconds));
      for (const { tensor, detail } of state.failures) {
        console.error(`synaptile: ${tensor}: ${detail}`);
      }
      return state.failures.length > 0 ? 1 : 0;
    } finally {
      await engine.close();
    }
  },
};

const advised = ({ message, details, cause }: OutOfSpace) =>
  new OutOfSpace(
    `${message}; make room and run this again, which goes on where it was, or name another ` +
      "folder by --store",
    details,
    cause,
  );

function sentence({ done, read, layers }: IngestState, before: number, seconds: number): string {
  if (read === 0 && done === before) return `all ${layers.total} tensors had been read before`;
  const count = new Intl.NumberFormat("en").format(Math.round(done - before));
  return `${count} parameters in ${
    seconds.toFixed(1)
  } s, ${layers.done} of ${layers.total} tensors`;
}
