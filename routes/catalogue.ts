import { Hono } from "hono";
import { colormaps, hex, palette } from "../src/modes/colour.ts";
import { RAMP } from "../src/compute/ops.ts";
import {
  describeBriefly,
  describeLayer,
  describeMode,
  describeModel,
  describeView,
  describeWhole,
} from "../src/tile/describe.ts";
import { WHOLE } from "../src/tile/address.ts";
import { atStep } from "../src/model/steps.ts";
import { formats } from "../src/formats/table.ts";
import type { Model } from "../src/model/model.ts";
import { LruCache } from "../src/storage/lru.ts";
import { concealer } from "./conceal.ts";
import {
  answer,
  cacheControl,
  type Content,
  json,
  jsonContent,
  only,
  type Service,
} from "./answer.ts";

/** Bytes of described models kept: one of 20,000 tensors is 6 MB, made in 50 ms. */
const DESCRIBED = 32 * 2 ** 20;

/** What there is: models, their layers, the modes that show them, and colour maps. */
export function catalogueRoutes({ engine, base, uploads }: Service): Hono {
  const conceal = concealer(engine, uploads);
  const described = new LruCache<Content>(DESCRIBED);

  /** Made once a version: even a 304 needs its tag. */
  function describedOnce(model: Model): Content {
    const key = JSON.stringify([model.id, model.version, model.step]);
    const known = described.get(key);
    if (known) return known;
    const body = describeModel(model, engine.modes(), base);
    const failures = body.failures.map((lost) => ({ ...lost, detail: conceal(lost.detail) }));
    const content = jsonContent({ ...body, failures });
    described.set(key, content, content.body.length);
    return content;
  }

  return new Hono()
    .get("/models", (c) => {
      only(c.req.raw);
      return json(c.req.raw, {
        models: engine.models().map((model) => describeBriefly(model, base)),
        failures: engine.failures().map(({ id, error }) => ({
          id,
          detail: conceal(error instanceof Error ? error.message : String(error)),
        })),
      });
    })
    .get("/models/:model", (c) => {
      const query = only(c.req.raw, "v", "step");
      const model = atStep(engine.model(c.req.param("model")), query);
      return answer(c.req.raw, describedOnce(model), cacheControl(query, model));
    })
    .get("/models/:model/:layer", (c) => {
      const query = only(c.req.raw, "v", "step");
      const model = atStep(engine.model(c.req.param("model")), query);
      if (c.req.param("layer") === WHOLE) {
        const body = describeWhole(model, engine.mapModes(), base);
        return json(c.req.raw, body, cacheControl(query, model));
      }
      const { layer, tensor } = engine.layer(model, c.req.param("layer"));
      const body = describeLayer(model, layer, tensor, engine.modes(), base);
      return json(c.req.raw, body, cacheControl(query, model));
    })
    .get("/models/:model/:layer/:mode", (c) => {
      const { model, layer, mode } = c.req.param();
      const query = new URL(c.req.url).searchParams;
      const view = engine.view(model, layer, mode, query);
      return json(c.req.raw, describeView(view, layer, base), cacheControl(query, view));
    })
    .get("/partners/:model/:layer", (c) => {
      const query = only(c.req.raw, "step");
      const model = atStep(engine.model(c.req.param("model")), query);
      const partners = engine.partners(model, c.req.param("layer"));
      return json(c.req.raw, {
        partners: partners.map(({ model: { id, title, steps }, tensors }) => ({
          ...{ id, title, tensors },
          ...(steps.length > 0 ? { steps: steps.map(({ step }) => step) } : {}),
        })),
      });
    })
    .get("/modes", (c) => {
      only(c.req.raw, "v");
      return json(c.req.raw, {
        modes: engine.modes().map(describeMode),
        map_modes: engine.mapModes().map(describeMode),
      });
    })
    .get("/formats", (c) => {
      only(c.req.raw, "v");
      return json(c.req.raw, { formats: formats.map(({ name, about }) => ({ name, ...about })) });
    })
    .get("/colormaps", (c) => {
      only(c.req.raw, "v");
      return json(c.req.raw, {
        colormaps: colormaps.map((map) => ({ ...map, colors: sample(map.name) })),
      });
    });
}

const SAMPLES = 33;

/** Colours at even distances along the ramp, "#rrggbb"; an odd number, so that the middle is one. */
function sample(name: string): string[] {
  const rgba = palette(name, false);
  const entry = (i: number) => Math.round(i * (RAMP - 1) / (SAMPLES - 1));
  return Array.from({ length: SAMPLES }, (_, i) => hex(rgba, entry(i)));
}
