import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { safetensorsFile } from "../formats/build.ts";
import { inFolder } from "../storage/folder.ts";
import { modelFile } from "./models.ts";
import { whole } from "./pictures.ts";

/** All of a Jacobian's picture, and what there is to tell of it. */
export async function pictureOf(engine: Engine, model: string, layer: string, query: string) {
  const subject = { model, layer, mode: "jacobian", query: new URLSearchParams(query) };
  const view = engine.view(model, layer, "jacobian", subject.query);
  const { values, rgba } = await whole(engine, view.plane, subject, 0);
  const legend = await engine.legend(view);
  return { values, rgba, view, legend, notes: legend.notes! };
}

type Tensors = Parameters<typeof modelFile>[0];

/** An engine on a capture of one step with these tensors, and the samples behind them. */
export const withTensors = (
  tensors: Tensors,
  samples: Tensors,
  test: (engine: Engine) => Promise<void>,
  about: Readonly<Record<string, unknown>> = {},
): Promise<void> =>
  inFolder(async (home) => {
    const folder = `${home}/capture`;
    await Deno.mkdir(folder);
    await Deno.writeFile(`${folder}/a.safetensors`, modelFile(tensors));
    await Deno.writeFile(`${folder}/s.safetensors`, modelFile(samples));
    const steps = [{ step: 0, file: "a.safetensors" }];
    const capture = JSON.stringify({ ...about, steps, static: "s.safetensors" });
    await Deno.writeTextFile(`${folder}/capture.json`, capture);
    const engine = await createEngine([folder], { workers: 1 });
    try {
      await test(engine);
    } finally {
      await engine.close();
    }
  });

/** A safetensors file of float32 tensors of zeros, which takes no room on a disk. */
export async function writeZeros(
  path: string,
  shapes: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const bytes = 4 * shape.reduce((a, b) => a * b, 1);
      return [name, { dtype: "F32", shape, data_offsets: [at, at += bytes] }];
    }),
  );
  const head = safetensorsFile(header, new Uint8Array());
  await Deno.writeFile(path, head);
  await Deno.truncate(path, head.length + at);
}
