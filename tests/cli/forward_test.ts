import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { expected, networks } from "../run/networks.ts";
import { withRuntime } from "../run/runtime.ts";
import { inFolder } from "../storage/folder.ts";
import { run } from "./run.ts";

const fixtures = new URL("../../fixtures/", import.meta.url).pathname;
const network = `${networks}convolutions.onnx`;

/** Tensors of a safetensors file, float32 and float16 as numbers. */
async function tensorsOf(path: string): Promise<Map<string, ArrayLike<number>>> {
  const file = await Deno.readFile(path);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  delete header.__metadata__;
  const arrays: Record<string, new (b: ArrayBuffer) => ArrayLike<number>> = {
    ...{ F32: Float32Array, F16: Float16Array, U8: Uint8Array },
  };
  return new Map(
    Object.entries(header as Record<string, { dtype: string; data_offsets: [number, number] }>)
      .flatMap(([name, { dtype, data_offsets: [from, to] }]) => {
        const bytes = file.slice(8 + length + from, 8 + length + to);
        return arrays[dtype] ? [[name, new arrays[dtype](bytes.buffer)] as const] : [];
      }),
  );
}

withRuntime(
  "a run is written as a capture that other verbs open",
  () =>
    inFolder(async (folder) => {
      const out = `${folder}/run`;
      const done = await run("forward", network, `${networks}picture.npy`, "-o", out);
      assertEquals(done.code, 0, done.stderr);
      assertMatch(done.stdout, /^7 tensors in [\d.]+ s, in /);
      const tensors = await tensorsOf(`${out}/step-000000.safetensors`);
      const { values } = expected.convolutions;
      for (const [name, value] of [["c1", "after"], ["c2", "second"], ["fc", "logits"]] as const) {
        const found = tensors.get(`act/${name}`)!;
        assertEquals(found.length, values[value]!.values.length);
        for (const [i, wanted] of values[value]!.values.entries()) {
          assertAlmostEquals(found[i]!, wanted, 2e-5, `${name} at ${i}`);
        }
      }
      const listed = await run("inspect", out, "--json");
      const { layers, steps } = JSON.parse(listed.stdout);
      assertEquals(layers.map(({ name }: { name: string }) => name), [
        ...["before", "c1", "c2", "pooled", "flat", "fc", "input/picture"],
      ]);
      assertEquals(steps.length, 1);
      const drawn = await run(
        ...["render", out, "c1", "-m", "activations", "--plane", "-o", `${folder}/c1.png`],
      );
      assertEquals(drawn.code, 0, drawn.stderr);

      const again = await run("forward", network, `${networks}picture.npy`, "-o", out);
      assertEquals(again.code, 2);
      assertMatch(again.stderr, /is there already/);
    }),
);

withRuntime(
  "a network that PyTorch trained tells digits as it did there",
  () =>
    inFolder(async (folder) => {
      // The captured weights are those of a step before the file's: nearly the same.
      const capture = `${fixtures}captures/digits-cnn`;
      const pictures = (await tensorsOf(`${capture}/static.safetensors`)).get("input")!;
      const values = Array.from(pictures, (value) => value / 64 - 1);
      const input = `${folder}/x.json`;
      await Deno.writeTextFile(input, JSON.stringify({ shape: [8, 3, 32, 32], values }));
      const out = `${folder}/run`;
      const done = await run(
        ...["forward", `${fixtures}formats/onnx/digits-cnn.onnx`, `picture=${input}`],
        ...["--outputs", "conv1,fc1", "-o", out],
      );
      assertEquals(done.code, 0, done.stderr);
      const found = await tensorsOf(`${out}/step-000000.safetensors`);
      const wanted = await tensorsOf(`${capture}/step-000400.safetensors`);
      for (const name of ["act/conv1", "act/fc1", "act/fc2"]) {
        const [own, other] = [found.get(name)!, wanted.get(name)!];
        assertEquals(own.length, other.length, name);
        const most = Math.max(...Array.from(other, Math.abs));
        const apart = Math.max(...Array.from(other, (value, i) => Math.abs(value - own[i]!)));
        assert(apart < 0.05 * most, `${name}: ${apart} apart, up to ${most}`);
      }
      assertEquals(found.has("act/conv2"), false);
    }),
);

Deno.test("what is wrong with the arguments of forward is said", async () => {
  await inFolder(async (folder) => {
    const text = `${folder}/x.json`;
    await Deno.writeTextFile(text, "{");
    const picture = `${networks}picture.npy`;
    for (
      const [args, code, message] of [
        [[network, picture], 2, /-o FOLDER is missing/],
        [[], 2, /takes a MODEL\.onnx/],
        [[network, picture, picture, "-o", "x"], 2, /each needs its name: NAME=INPUT/],
        [[network, picture, `picture=${picture}`, "-o", "x"], 2, /takes "picture": say which/],
        [[network, `photo=${picture}`, "-o", "x"], 2, /no input "photo"/],
        [[network, `${folder}/none.npy`, "-o", "x"], 1, /there is no file .*none\.npy/],
        [[network, text, "-o", "x"], 2, /x\.json is not JSON/],
        [[network, picture, "--time", "0", "-o", "x"], 2, /--time 0 is not a whole number/],
        [[network, picture, "--scale", "big", "-o", "x"], 2, /--scale big is not a number/],
      ] as const
    ) {
      const failed = await run("forward", ...args);
      assertEquals(failed.code, code, failed.stderr);
      assertMatch(failed.stderr, message);
      assertNotEquals(failed.stderr, "");
    }
  });
});
