import { createEngine, type EngineOptions } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { inFolder } from "../storage/folder.ts";
import { type Content, modelFile } from "./models.ts";

const fixtures = new URL("../../fixtures/captures/", import.meta.url);

/** An engine on one of the bundled captures. */
export const onCapture = (
  name: string,
  test: (engine: Engine) => Promise<void>,
  options?: EngineOptions,
): Promise<void> => onPath(new URL(name, fixtures).pathname, test, options);

/** An engine on a capture of one step with these tensors, whose id is "capture". */
export const withCapture = (
  tensors: Readonly<Record<string, Content>>,
  test: (engine: Engine, folder: string) => Promise<void>,
): Promise<void> =>
  inFolder(async (home) => {
    const folder = `${home}/capture`;
    await Deno.mkdir(folder);
    await Deno.writeFile(`${folder}/a.safetensors`, modelFile(tensors));
    const steps = [{ step: 0, file: "a.safetensors" }];
    await Deno.writeTextFile(`${folder}/capture.json`, JSON.stringify({ steps }));
    await onPath(folder, (engine) => test(engine, folder));
  });

async function onPath(
  path: string,
  test: (engine: Engine) => Promise<void>,
  options: EngineOptions = {},
): Promise<void> {
  const engine = await createEngine([path], { workers: 1, ...options });
  try {
    await test(engine);
  } finally {
    await engine.close();
  }
}
