import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { BadRequest } from "../../../src/errors.ts";
import type { EngineOptions } from "../../../src/tile/engine.ts";
import type { Engine } from "../../../src/tile/tile.ts";
import { openGpu } from "../../../src/compute/gpu/device.ts";
import { normals } from "../../analysis/oracle.ts";
import { onCapture } from "../captures.ts";
import { safetensorsFile } from "../../formats/build.ts";
import { withFolder, withTensors } from "../models.ts";
import { npy } from "../pictures.ts";
import { stub } from "./volume.ts";

/** The first tile of a picture in numbers, and what its headers say. */
async function drawn(engine: Engine, model: string, layer: string, mode: string, query: string) {
  const ticket = engine.ticket({
    ...{ model, layer, mode, query: new URLSearchParams(query), z: 0, x: 0, y: 0 },
    ...{ density: 1, crop: true, format: "npy" },
  });
  const { bytes, etag, headers } = await ticket.tile();
  return { ...npy(bytes), etag, promised: ticket.etag, backend: headers["Synaptile-Backend"] };
}
type Drawn = Awaited<ReturnType<typeof drawn>>;

/** Makes an engine of these options do something on the decoder's capture, and answers what that told. */
async function onDecoder<T>(options: EngineOptions, test: (engine: Engine) => Promise<T>) {
  const told: string[] = [];
  const tell = (message: string) => void told.push(message);
  const { promise, resolve } = Promise.withResolvers<T>();
  await onCapture("decoder", async (engine) => resolve(await test(engine)), { ...options, tell });
  return { value: await promise, told };
}

/** Pictures that are made with large matrices. */
const pictures = [
  ["block3", "attention", "head=1&power=8"],
  ["block0", "attention", "power=2"],
  ["block2", "activations", "reduce=pca"],
] as const;

const all = async (engine: Engine): Promise<Drawn[]> => {
  const found: Drawn[] = [];
  for (const [layer, mode, query] of pictures) {
    found.push(await drawn(engine, "decoder", layer, mode, query));
  }
  return found;
};

const matrix = { shape: [90, 70], values: normals(90 * 70) };

const gpu = await openGpu();
gpu?.destroy();
const test = (name: string, work: () => Promise<void>) =>
  gpu ? Deno.test(name, work) : Deno.test.ignore(`${name} (no adapter here)`, work);

test("attention powers and components by the GPU's worker are those by WASM, and say which they are", async () => {
  const { value: ours, told } = await onDecoder({ backend: "gpu" }, all);
  const { value: theirs } = await onDecoder({}, all);
  assertEquals(told, []);
  for (const [i, own] of ours.entries()) {
    const other = theirs[i]!, what = pictures[i]!.join(" ");
    assertEquals([own.backend, other.backend], ["gpu", "wasm"], what);
    assert(own.etag !== other.etag, what);
    assertEquals([own.promised, other.promised], [own.etag, other.etag]);
    const largest = other.values.filter(Number.isFinite).reduce((most, x) => Math.max(most, x), 0);
    for (const [at, value] of own.values.entries()) {
      if (Number.isNaN(value) && Number.isNaN(other.values[at])) continue; // transparent
      assertAlmostEquals(value, other.values[at]!, 1e-4 * largest, `${what}: ${at}`);
    }
  }
});

test("a layer's components by the GPU's worker are those by WASM; so is what has none", async () => {
  const values = matrix.values.slice();
  values[5] = Infinity;
  const tensors = { m: matrix, odd: { ...matrix, values } };
  const draw = (options: EngineOptions) => {
    const { promise, resolve } = Promise.withResolvers<Drawn>();
    return withTensors(tensors, async (engine) => {
      resolve(await drawn(engine, "model", "m", "spectral", "k=3"));
      const odd = () => drawn(engine, "model", "odd", "spectral", "k=3");
      await assertRejects(odd, BadRequest, "rows 0 to 90 hold NaN or infinity");
    }, options).then(() => promise);
  };
  const own = await draw({ backend: "gpu" }), other = await draw({});
  assertEquals([own.backend, other.backend], ["gpu", "wasm"]);
  assert(own.etag !== other.etag);
  for (const [at, value] of own.values.entries()) {
    assertAlmostEquals(value, other.values[at]!, 2e-3, `${at}`);
  }
});

test("a summary's singular values are the same by the GPU's worker", async () => {
  const large = { shape: [2060, 2052], values: normals(2060 * 2052) };
  const values = large.values.slice();
  values[7] = NaN;
  const found: number[][] = [];
  for (const backend of ["wasm", "gpu"] as const) {
    await withTensors({ large, odd: { ...large, values } }, async (engine) => {
      const summary = await engine.summary(engine.model("model"), "large");
      found.push([...summary.singular_values!]);
      const odd = await engine.summary(engine.model("model"), "odd");
      assertEquals(odd.singular_values, null);
    }, { backend });
  }
  assertEquals(found[0]!.length, 16);
  found[0]!.forEach((value, i) => assertAlmostEquals(found[1]![i]!, value, 1e-5 * value));
});

for (
  const [name, message] of [
    ["narrow", "a power is found without the GPU: powers: this GPU takes no matrices"],
    ["lost", "matrices are multiplied without the GPU: the device stub is lost"],
  ] as const
) {
  Deno.test(`what the GPU does not come to is made by WASM, under its own tag; ${name}`, async () => {
    const gpuWorker = stub(name);
    const { value: ours, told } = await onDecoder({ backend: "gpu", gpuWorker }, all);
    const { value: theirs } = await onDecoder({}, all);
    for (const [i, own] of ours.entries()) {
      assertEquals(own.backend, "wasm");
      assertEquals([own.etag, own.values], [theirs[i]!.etag, theirs[i]!.values]);
    }
    assert(ours[0]!.promised !== ours[0]!.etag);
    assertEquals(told[0], message);
    assertEquals(told.length, name === "lost" ? 1 : 2); // each kind once
  });
}

Deno.test("legends and points of what the GPU does not come to are answered too", async () => {
  const { value } = await onDecoder({ backend: "gpu", gpuWorker: stub("lost") }, async (engine) => {
    const view = engine.view("decoder", "block3", "attention", new URLSearchParams("power=4"));
    const { normalization } = await engine.legend(view);
    const { value } = await engine.inspect(view, 0, 127, undefined);
    return { normalization, value };
  });
  assert(value.normalization.startsWith("linear from min to max"));
  assert(value.value! > 0);
});

Deno.test("sheets of what the GPU does not come to are drawn too", async () => {
  const options = { backend: "gpu", gpuWorker: stub("lost") } as const;
  const { value } = await onDecoder(options, async (engine) => {
    const at = { model: "decoder", layer: "block2", mode: "activations", x: 0, y: 0 } as const;
    const query = new URLSearchParams("reduce=pca"), format = "png";
    const tiles = [0, 0].map((z) => ({ ...at, z, query, density: 1, format } as const));
    return (await engine.sheet(tiles).tiles()).map(({ length }) => length);
  });
  assert(value[0]! > 100 && value[0] === value[1]);
});

Deno.test("several pictures of what the GPU does not come to are made once each, by WASM", async () => {
  const options = { backend: "gpu", gpuWorker: stub("lost") } as const;
  const { value: ours } = await onDecoder(
    options,
    (engine) =>
      Promise.all(
        [0, 1, 2, 0, 1, 2].map((head) =>
          drawn(engine, "decoder", "block3", "attention", `head=${head}&power=4`)
        ),
      ),
  );
  for (const [i, own] of ours.entries()) {
    assertEquals([own.backend, own.etag], ["wasm", ours[i % 3]!.etag]);
  }
});

Deno.test("a picture that was planned before the GPU failed has the tag of what it is made with", async () => {
  const options = { backend: "gpu", gpuWorker: stub("lost") } as const;
  const { value: [before, after] } = await onDecoder(options, async (engine) => {
    const query = new URLSearchParams("power=4");
    const at = { model: "decoder", layer: "block3", mode: "attention", z: 0, x: 0, y: 0 } as const;
    const ticket = engine.ticket({ ...at, query, density: 1, format: "png" });
    const other = await drawn(engine, "decoder", "block3", "attention", "power=4");
    assertEquals([ticket.headers["Synaptile-Backend"], other.backend], ["gpu", "wasm"]);
    const tile = await ticket.tile();
    assertEquals(tile.headers["Synaptile-Backend"], "wasm");
    return [tile.etag, engine.ticket({ ...at, query, density: 1, format: "png" }).etag] as const;
  });
  assertEquals(before, after);
});

Deno.test("a summary that the GPU does not come to is WASM's", async () => {
  const large = { shape: [2060, 2052], values: normals(2060 * 2052) };
  const found: (readonly number[] | null)[] = [], told: string[] = [];
  const tell = (message: string) => void told.push(message);
  for (const options of [{}, { backend: "gpu", gpuWorker: stub("narrow"), tell }] as const) {
    await withTensors({ large }, async (engine) => {
      found.push((await engine.summary(engine.model("model"), "large")).singular_values);
    }, { workers: 1, ...options });
  }
  assertEquals(found[1], found[0]);
  assertEquals(told, [
    "singular values are found without the GPU: svd: this GPU takes no matrices",
  ]);
});

Deno.test("a summary of what float32 would round is not asked of the GPU", async () => {
  const shape = [2052, 2049], told: string[] = [];
  const values = Float64Array.from(normals(shape[0]! * shape[1]!));
  const data_offsets = [0, values.byteLength];
  const file = safetensorsFile(
    { exact: { dtype: "F64", shape, data_offsets } },
    new Uint8Array(values.buffer),
  );
  const options = { backend: "gpu", gpuWorker: stub("narrow"), workers: 1 } as const;
  await withFolder(
    (folder) => Deno.writeFile(`${folder}/model.safetensors`, file),
    { ...options, tell: (message) => void told.push(message) },
    async (engine) => {
      const { singular_values } = await engine.summary(engine.model("model"), "exact");
      assertEquals(singular_values!.length, 16);
    },
  );
  assertEquals(told, []);
});

Deno.test("auto leaves what is no work to WASM, though there is a GPU", async () => {
  const options = { backend: "auto", gpuWorker: stub("narrow") } as const;
  const { value: ours, told } = await onDecoder(options, async (engine) => {
    assertEquals(await engine.backend(), "gpu");
    return await all(engine);
  });
  assertEquals(ours.map(({ backend }) => backend), ["wasm", "wasm", "wasm"]);
  assertEquals(told, []);
});

Deno.test("what no GPU could make names no backend", async () => {
  const { value } = await onDecoder(
    { backend: "gpu", gpuWorker: stub("narrow") },
    async (engine) => [
      await drawn(engine, "decoder", "block3", "attention", "head=1"),
      await drawn(engine, "decoder", "block3", "attention", ""),
      await drawn(engine, "decoder", "block2", "activations", "reduce=mean"),
    ],
  );
  assertEquals(value.map(({ backend }) => backend), [undefined, undefined, undefined]);
});
