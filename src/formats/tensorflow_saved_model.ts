import { basename } from "node:path";
import { standsAlone } from "../storage/beside.ts";
import type { Source } from "../storage/source.ts";
import type { Format, Ignored, Metadata, Reading, TensorInfo } from "./format.ts";
import { malformed } from "./malformed.ts";
import { Scanner } from "./protobuf.ts";
import { withKernels } from "./tensorflow/kernels.ts";
import {
  hasVariables,
  type KeyOf,
  type MetaGraph,
  networkOf,
  readMetaGraph,
} from "./tensorflow/meta_graph.ts";
import { readObjectGraph } from "./tensorflow/object_graph.ts";
import {
  keysOf,
  listVariables,
  openBundle,
  Shards,
  withoutCopies,
} from "./tensorflow/variables.ts";
import { verifyVariables } from "./tensorflow/verify.ts";

const NAME = "saved_model.pb";
const PREFIX = "variables/variables";

/** TensorFlow's folder of a graph and a checkpoint of its variables. */
export const savedModel: Format = {
  name: "tensorflow",
  about: {
    title: "TensorFlow SavedModel",
    files: [NAME, "variables/*"],
    reads: "the variables, constants of fractions, and the graph of the first meta graph, its " +
      "functions written out",
    not: "what checkpoints leave out; graphs in text form; further meta graphs",
  },

  claims: (_head, name) => basename(name) === NAME,

  companions: (_name, names) =>
    names.filter((other) =>
      ["variables", "assets", "assets.extra", "keras_metadata.pb", "fingerprint.pb"].includes(other)
    ),

  async list(source, reading = {}) {
    const meta = await firstMetaGraph(source, reading);
    const { tensors, ignored, keyOf } = hasVariables(meta)
      ? await variablesOf(source.name, reading)
      : { tensors: [], ignored: [], keyOf: () => undefined };
    const { graph, constants, kernels } = networkOf(meta, keyOf);
    const taken = new Set(tensors.map(({ name }) => name));
    const all = [...tensors, ...constants.filter(({ name }) => !taken.has(name))];
    return {
      tensors: withKernels(all, kernels),
      ignored,
      metadata: metadata(meta),
      ...(graph.nodes.length > 0 ? { graph } : {}),
    };
  },

  async verify(source, reading = {}) {
    if (!hasVariables(await firstMetaGraph(source, reading))) return 0;
    const { bundle, shards } = await checkpointOf(source.name, reading);
    return verifyVariables(bundle, shards, reading.signal);
  },
};

async function firstMetaGraph(source: Source, { signal }: Reading): Promise<MetaGraph> {
  const scan = new Scanner(source, signal);
  let meta: MetaGraph | undefined;
  await scan.walk(scan.root, (field) => {
    if (field.number !== 2 || meta) return;
    return readMetaGraph(scan, field).then((read) => meta = read);
  });
  if (!meta) throw malformed(source.name, "meta graphs", "none", "one or more");
  return meta;
}

interface Variables {
  readonly tensors: readonly TensorInfo[];
  readonly ignored: readonly Ignored[];
  readonly keyOf: KeyOf;
}

async function variablesOf(file: string, reading: Reading): Promise<Variables> {
  const { index, bundle, shards } = await checkpointOf(file, reading);
  const listed = await listVariables(index.name, bundle, shards);
  const objects = await readObjectGraph(index.name, bundle, shards, reading.signal);
  const tensors = withoutCopies(listed.tensors, objects);
  return { ...listed, tensors, keyOf: keysOf(tensors, objects) };
}

async function checkpointOf(file: string, reading: Reading) {
  const { beside, signal } = reading;
  if (!beside) throw standsAlone(file, `${PREFIX}.index`);
  const index = await beside(`${PREFIX}.index`);
  const bundle = await openBundle(index, signal);
  return { index, bundle, shards: new Shards(index.name, bundle, PREFIX, reading) };
}

function metadata({ tags, writer }: MetaGraph): Metadata {
  return {
    ...(tags.length > 0 ? { tags: tags.join(", ") } : {}),
    ...(writer ? { tensorflow_version: writer } : {}),
  };
}
