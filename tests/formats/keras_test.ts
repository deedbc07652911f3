import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { openBeside } from "../../src/storage/beside.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import type { Source } from "../../src/storage/source.ts";
import type { Listing } from "../../src/formats/format.ts";
import { keras } from "../../src/formats/keras.ts";
import { hdf5 } from "../../src/formats/hdf5.ts";
import { detect } from "../../src/formats/table.ts";
import { openModel } from "../../src/model/open.ts";
import { utf8, zipFile } from "./build.ts";
import { refused } from "./refused.ts";
import { valuesOf } from "./values.ts";

// Models that Keras wrote, and which weights it says belong to which layer: fixtures/keras/make.py.

const folder = new URL("../../fixtures/keras/", import.meta.url).pathname;
const expected: Record<string, Record<string, readonly string[]>> = JSON.parse(
  Deno.readTextFileSync(folder + "expected.json"),
);

async function list(path: string, surrounded = true): Promise<Listing> {
  const opened: Source[] = [];
  const open = (source: Source) => opened[opened.push(source) - 1]!;
  const source = open(new FileSource(path));
  const format = detect(await source.read(0, 4096), path);
  const beside = (other: string) => Promise.resolve().then(() => open(openBeside(path, other)));
  const listing = await format.list(source, surrounded ? { beside } : {});
  opened.forEach((source) => source.close());
  return listing;
}

/** The tensors of each node that has any, the single numbers left out, which are all alike. */
function byNode({ graph, tensors }: Listing): Record<string, readonly string[]> {
  const single = new Set(tensors.filter(({ shape }) => shape.length === 0).map(({ name }) => name));
  const nodes = graph!.nodes.map(({ name, tensors }) =>
    [name, tensors.filter((name) => !single.has(name)).sort()] as const
  );
  return Object.fromEntries(nodes.filter(([, tensors]) => tensors.length > 0));
}

for (const [name, layers] of Object.entries(expected)) {
  Deno.test(`Keras: ${name} has each layer's weights in its node`, async () => {
    const path = folder + (name === "separated" ? "separated/weights.h5" : name);
    const listing = await list(path);
    assertEquals(byNode(listing), layers);
    const known = new Set(listing.tensors.map(({ name }) => name));
    for (const { tensors } of listing.graph!.nodes) {
      assert(tensors.every((name) => known.has(name)));
    }
  });
}

Deno.test("Keras: tensors come in the order of the network, whatever the file's", async () => {
  const names = ({ tensors }: Listing) => tensors.map(({ name }) => name).slice(0, 8);
  assertEquals(names(await list(folder + "sequential.keras")), [
    ...[0, 1].map((i) => `layers/conv2d/vars/${i}`),
    ...[0, 1, 2, 3].map((i) => `layers/batch_normalization/vars/${i}`),
    ...[0, 1].map((i) => `layers/dense/vars/${i}`),
  ]);
  const weights = {
    edges: ["kernel", "bias"],
    batch_normalization: ["gamma", "beta", "moving_mean", "moving_variance"],
    dense: ["kernel", "bias"],
  };
  const paths = Object.entries(weights).flatMap(([layer, names]) =>
    names.map((name) => `model_weights/${layer}/sequential/${layer}/${name}`)
  );
  assertEquals(names(await list(folder + "sequential.h5")), paths);
});

Deno.test("Keras: an archive reads the same deflated and stored, and as its HDF5 twin", async () => {
  for (const model of ["functional", "sequential"]) {
    const stored = await list(`${folder}${model}.keras`);
    const deflated = await list(`${folder}${model}-deflated.keras`);
    assertEquals(deflated.graph, stored.graph);
    assertEquals(deflated.metadata, stored.metadata);
    assertEquals(deflated.tensors.map(({ name }) => name), stored.tensors.map(({ name }) => name));
    for (const [i, tensor] of stored.tensors.entries()) {
      assertEquals(tensor.source.kind, "file");
      assertEquals(deflated.tensors[i]!.source.kind, "inflated");
      assertEquals(await valuesOf(deflated.tensors[i]!), await valuesOf(tensor));
    }
    const twin = await list(`${folder}${model}.h5`);
    assertEquals(
      twin.graph!.nodes.map(({ name, op, inputs }) => ({ name, op, inputs })),
      stored.graph!.nodes.map(({ name, op, inputs }) => ({ name, op, inputs })),
    );
  }
});

Deno.test("Keras: weights alone open with a topology beside them and without", async () => {
  const path = folder + "separated/weights.h5";
  assert((await list(path)).graph);
  const alone = await list(path, false);
  assertEquals(alone.graph, undefined);
  assertEquals(alone.tensors.length, 8);

  const temporary = Deno.makeTempDirSync();
  try {
    Deno.copyFileSync(path, `${temporary}/weights.h5`);
    assertEquals((await list(`${temporary}/weights.h5`)).graph, undefined);
    Deno.writeTextFileSync(`${temporary}/topology.json`, "no topology");
    assertEquals((await list(`${temporary}/weights.h5`)).graph, undefined);
  } finally {
    Deno.removeSync(temporary, { recursive: true });
  }
});

Deno.test("Keras: a model opens from its folder, and says what Keras wrote it", async () => {
  const model = await openModel(dirname(folder + "separated/weights.h5"));
  assertEquals(model.format, "keras");
  assertEquals(model.id, "separated");
  model.close();
  const archive = await openModel(folder + "functional.keras");
  assertEquals(archive.format, "keras");
  assertStringIncludes(String(archive.metadata["keras_version"]), "3.");
  archive.close();
});

Deno.test("Keras: claims HDF5 by its signature wherever that may stand, archives by name", () => {
  const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
  for (const at of [0, 512, 1024, 2048]) {
    const head = new Uint8Array(4096);
    head.set(signature, at);
    assertEquals(detect(head, "anything"), hdf5);
    assertEquals(detect(head, "old.keras"), hdf5, "as Keras 2 could write it");
  }
  assertEquals(detect(utf8("PK\x03\x04"), "model.keras"), keras);
  assertEquals(detect(utf8(""), "weights.h5"), hdf5);
});

refused(
  "an archive without weights",
  keras,
  () => {
    return zipFile([{ name: "config.json", data: utf8("{}") }]);
  },
  "members",
  '"config.json"',
  "model.weights.h5",
);
refused("an archive whose config is no JSON", keras, () => {
  return zipFile([{ name: "model.weights.h5", data: utf8("") }, {
    name: "config.json",
    data: utf8("{"),
  }]);
}, "config.json is not JSON");
refused(
  "an archive of empty weights",
  keras,
  () => {
    return zipFile([{ name: "model.weights.h5", data: utf8("") }]);
  },
  "signature",
  "an HDF5 file",
);

Deno.test("Keras: what names no layers is an HDF5 file like any other", async () => {
  const bytes = Deno.readFileSync(new URL("../../fixtures/hdf5/block.h5", import.meta.url));
  const { tensors, graph } = await hdf5.list(new MemorySource("block.h5", bytes));
  assertEquals([tensors.map(({ name }) => name), graph], [["x"], undefined]);
});
