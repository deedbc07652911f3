import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { createEngine } from "../../src/tile/engine.ts";

const fixture = (path: string) => fileURLToPath(new URL(`../../fixtures/${path}`, import.meta.url));

/** The same weights by several hands; the tensors that all of them have under one name. */
const sets: readonly { readonly files: readonly string[]; readonly dtype: string }[] = [
  {
    files: [
      "formats/pytorch/digits-cnn.pt",
      "formats/pytorch/digits-cnn-legacy.pth",
      "formats/onnx/digits-cnn.onnx",
    ],
    dtype: "F32",
  },
  { files: ["models/tiny-transformer", "formats/gguf/tiny-transformer.gguf"], dtype: "F32" },
];

for (const { files, dtype } of sets) {
  Deno.test(`the same weights give the same tiles: ${files.join(", ")}`, async () => {
    const engine = await createEngine(files.map(fixture), { workers: 1 });
    try {
      const [first, ...others] = engine.models();
      assertEquals(others.length, files.length - 1, JSON.stringify(engine.failures()));
      let compared = 0;
      for (const { name } of first!.tensors) {
        const same = others.every(({ tensors }) =>
          tensors.some((tensor) => tensor.name === name && tensor.dtype === dtype)
        );
        if (!same) continue;
        for (const mode of ["weights", "stats"]) {
          const address = {
            layer: name,
            mode,
            z: 0,
            x: 0,
            y: 0,
            density: 1,
            format: "png",
          } as const;
          const draw = async (model: string) =>
            (await engine.ticket({ ...address, model, query: new URLSearchParams() }).tile()).bytes;
          const expected = await draw(first!.id);
          for (const { id } of others) {
            assertEquals(await draw(id), expected, `${name} of ${id}, ${mode}`);
          }
        }
        compared++;
      }
      assert(compared >= 8, `${compared} tensors are in all of them`);
    } finally {
      await engine.close();
    }
  });
}
