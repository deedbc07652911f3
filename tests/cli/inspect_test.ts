import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { npyFile, npyHeader, safetensorsFile, zipFile } from "../formats/build.ts";
import { modelFile, names, served } from "../routes/served.ts";
import { run, withFile } from "./run.ts";

Deno.test("inspect shows the layers as a tree, repeated blocks folded", async () => {
  const { code, stdout, stderr } = await run("inspect", "fixtures/models/tiny-transformer");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /53 tensors, 218,880 parameters/);
  const rows = stdout.trimEnd().split("\n").slice(-11).map((row) => row.split(/ {2,}/).join("|"));
  assertEquals(rows, [
    "token|embedding|embedding.token|F32|[83, 64]|5,312",
    "position|embedding|embedding.position|F32|[128, 64]|8,192",
    "blocks.0–3|× 4",
    "|ln1|norm|norm.attention|F32|[64]|512",
    "|qkv|attention|attention.qkv|F32|[192, 64]|49,920",
    "|proj|attention|attention.output|F32|[64, 64]|16,640",
    "|ln2|norm|norm.mlp|F32|[64]|512",
    "|fc|linear|mlp.up|F32|[256, 64]|66,560",
    "|out|linear|mlp.down|F32|[64, 256]|65,792",
    "ln|norm|norm.final|F32|[64]|128",
    "head|linear|head|F32|[83, 64]|5,312",
  ]);
});

Deno.test("inspect tells what was put in order, what views there are, and measures one", async () => {
  const { stdout } = await run("inspect", "fixtures/gguf/llama.gguf");
  assertMatch(stdout, /^blk\.0\.attn_q\.weight and 3 more: each head's rows are shown as/m);
  assertMatch(stdout, /^views besides: blk\.0\.attn_q\.weight:scale$/m);
  const file = "fixtures/gguf/types.gguf";
  const one = await run("inspect", file, "--statistics", "--layer", "Q4_0:scale");
  assertEquals([one.code, one.stderr], [0, ""]);
  assertMatch(one.stdout, /^Q4_0:scale +F16 +\[2, 2, 8\] +32 +560 +-0\.061157 +0\.058289 /m);
});

Deno.test("inspect tells a capture's steps, and what was captured", async () => {
  const { code, stdout } = await run("inspect", "fixtures/captures/digits-cnn");
  assertEquals(code, 0);
  const told = /^steps 0, 10, 400; captured at 400: gradient 10, activation 5, sample 2$/m;
  assertMatch(stdout, told);
});

Deno.test("inspect tells of a shard that is missing, and shows the others", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const from = "fixtures/models/tiny-transformer";
    const [first, , index] = [...Deno.readDirSync(from)].map(({ name }) => name).sort();
    await Deno.copyFile(`${from}/${first}`, `${folder}/${first}`);
    await Deno.copyFile(`${from}/${index}`, `${folder}/${index}`);
    for (const flags of [[], ["--tensors"]]) {
      const { code, stdout } = await run("inspect", folder, ...flags);
      assertEquals(code, 0);
      assertMatch(stdout, /^1 of its files cannot be read:$/m);
      assertMatch(stdout, /^ {2}model-00002-of-00002\.safetensors, of \d+ tensors: .*can be read/m);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("inspect lists every tensor with its type, shape and size", () =>
  withFile(modelFile(), async (path) => {
    const { code, stdout, stderr } = await run("inspect", path, "--tensors");
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /12 tensors, 630,066 parameters/);
    assertMatch(stdout, /^matrix +F32 +\[700, 900\] +630,000 +2,520,000$/m);
    for (const name of names) assertEquals(stdout.includes(name), true, name);
  }));

Deno.test("inspect --json prints what the server answers", () =>
  served(async ({ path, get }) => {
    const { stdout } = await run("inspect", path, "--json");
    assertEquals(JSON.parse(stdout), await (await get("/models/model")).json());
  }));

Deno.test("inspect --verify holds the values against the file's checksums, where it has some", async () => {
  const summed = await run("inspect", "fixtures/tensorflow/module", "--verify");
  assertEquals([summed.code, summed.stderr], [
    0,
    "synaptile: 298 bytes agree with their checksums\n",
  ]);
  const plain = await run("inspect", "fixtures/models/tiny-transformer", "--verify");
  assertEquals([plain.code, plain.stderr], [0, "synaptile: no checksums here\n"]);
});

Deno.test("inspect --statistics measures each tensor", () =>
  withFile(modelFile(), async (path) => {
    const { stdout } = await run("inspect", path, "--json", "--statistics", "--layer", "plain");
    const { tensors, layers } = JSON.parse(stdout);
    assertEquals([tensors.length, layers.length], [1, 1]);
    const { summary } = tensors[0];
    assertEquals([summary.count, summary.nan, summary.min, summary.max], [6, 1, -2, 5]);
    assertAlmostEquals(summary.mean, 2.2, 1e-6);
    const table = await run("inspect", path, "--statistics", "--layer", "plain");
    assertMatch(table.stdout, /plain +F32 +\[2, 3\] +6 +24 +-2 +5 +2\.2 /);
  }));

Deno.test("inspect --statistics measures more tensors than the engine lets wait", () => {
  const count = 4200;
  const header = Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      return [`t${i}`, { dtype: "F32", shape: [1], data_offsets: [4 * i, 4 * i + 4] }];
    }),
  );
  return withFile(safetensorsFile(header, 4 * count), async (path) => {
    const { code, stderr, stdout } = await run("inspect", path, "--json", "--statistics");
    assertEquals([code, stderr], [0, ""]);
    const { tensors } = JSON.parse(stdout);
    assertEquals([tensors.length, tensors.at(-1).summary.count], [count, 1]);
  });
});

Deno.test("a tensor that cannot be measured is told of, and the others are listed", () => {
  const data = npyFile(npyHeader("<f4", [2]), new Uint8Array(Float32Array.of(3, 5).buffer));
  const archive = zipFile([
    { name: "good.npy", data, deflate: true },
    { name: "broken.npy", data, deflate: true, checksum: 1 },
    { name: "other.npy", data },
  ]);
  return withFile(archive, async (path, folder) => {
    const file = `${folder}/model.npz`;
    await Deno.rename(path, file);
    const { code, stdout, stderr } = await run("inspect", file, "--statistics");
    assertEquals(code, 1);
    assertMatch(stderr, /^synaptile: broken: .+\n$/);
    assertMatch(stdout, /^good .* 3 +5 +4 /m);
    assertMatch(stdout, /^broken +F32 +\[2\] +2 +8$/m);
    assertMatch(stdout, /^other .* 3 +5 +4 /m);
    const json = await run("inspect", file, "--statistics", "--json");
    assertEquals(json.code, 1);
    const { tensors } = JSON.parse(json.stdout);
    assertEquals(tensors.map(({ summary }: { summary?: { max: number } }) => summary?.max), [
      5,
      undefined,
      5,
    ]);
  });
});
