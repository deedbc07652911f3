import { createEngine, type EngineOptions } from "../tile/engine.ts";
import type { Engine } from "../tile/tile.ts";
import type { Model } from "../model/model.ts";
import { oneModel } from "./one.ts";
import type { Flag, Given } from "./verb.ts";

/** How verbs that draw are told of further models. */
export const besideFlag = {
  beside: {
    type: "string",
    multiple: true,
    value: "MODEL",
    about: "another model, which parameters name by its id, such as network; repeatable",
  },
} as const satisfies Record<string, Flag>;

/** An engine on the model at `path` and those beside it. Throws what opening any of them throws. */
export async function openBeside(
  path: string,
  given: Given,
  options: EngineOptions,
): Promise<{ readonly engine: Engine; readonly model: Model }> {
  const engine = await createEngine([path, ...given.texts("beside")].map(oneModel), options);
  const [failure] = engine.failures();
  if (!failure) return { engine, model: engine.models()[0]! };
  await engine.close();
  throw failure.error;
}
