import { assert } from "@std/assert";

// Data flows left to right; a file may import from its own stage and from stages to its left.
const stages = [
  "src/errors.ts",
  "src/storage",
  "src/formats",
  "src/model",
  "src/run",
  "src/compute",
  "src/analysis",
  "src/field",
  "src/modes",
  "src/tile",
  "routes",
  "src/cli",
];
const root = new URL("../", import.meta.url);
const stageOf = (path: string) =>
  stages.findIndex((stage) => path === stage || path.startsWith(`${stage}/`));

for (const stage of stages.slice(1)) {
  Deno.test(`${stage} imports nothing downstream of it`, async () => {
    for await (const path of sources(stage)) {
      const text = await Deno.readTextFile(new URL(path, root));
      for (const to of targets(text, path)) {
        if (!/^(src|routes)\/.*\.ts$/.test(to)) continue;
        assert(stageOf(to) >= 0, `${path} imports ${to}, which belongs to no stage`);
        assert(stageOf(to) <= stageOf(path), `${path} reaches forward to ${to}`);
      }
    }
  });
}

Deno.test("kernels know of nothing but arrays, element types and errors", async () => {
  const allowed = /^src\/(compute\/|errors\.ts$|formats\/format\.ts$)|^assembly\/build\/|^wgsl\//;
  for await (const path of sources("src/compute")) {
    const text = await Deno.readTextFile(new URL(path, root));
    for (const to of targets(text, path)) assert(allowed.test(to), `${path} imports ${to}`);
  }
});

/** The files that a source imports, statically, dynamically or as a worker, from the root on. */
function* targets(text: string, path: string): Generator<string> {
  const import_ = /(?:from|import|import\(|new URL\()\s*"(\.[^"]+)"/g;
  for (const [, target] of text.matchAll(import_)) {
    yield new URL(target!, new URL(path, root)).href.slice(root.href.length);
  }
}

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, root))) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}
