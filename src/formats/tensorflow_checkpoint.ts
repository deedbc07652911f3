import { basename } from "node:path";
import { FormatError } from "../errors.ts";
import type { Source } from "../storage/source.ts";
import type { Format, Ignored, Reading, TensorInfo } from "./format.ts";
import { Scanner } from "./protobuf.ts";
import { withKernels } from "./tensorflow/kernels.ts";
import { type Network, networkOf, readMetaGraph } from "./tensorflow/meta_graph.ts";
import { keysOf, listVariables, openBundle, Shards } from "./tensorflow/variables.ts";
import { verifyVariables } from "./tensorflow/verify.ts";

const ENDING = ".index";
/** A graph of more bytes takes longer to read than opening may. */
const MAX_GRAPH = 4 << 20;

/** A checkpoint of TensorFlow, second version: an index of what lies where in files beside. */
export const checkpoint: Format = {
  name: "tensorflow",
  about: {
    title: "TensorFlow checkpoint",
    files: ["*.index", "*.data-00000-of-00001"],
    reads: "the second version, in any number of shards, plain or snappy; partitioned variables, " +
      "either byte order; the graph of a *.meta beside",
    not: "strings, complex numbers, 4-bit elements; the first version",
  },

  claims: (head, name) => name.endsWith(ENDING) && (head.length === 0 || isBundle(head)),

  companions(name, names) {
    const prefix = name.slice(0, -ENDING.length);
    return names.filter((other) =>
      other === `${prefix}.meta` || other === "checkpoint" || other.startsWith(`${prefix}.data-`)
    );
  },

  async list(source, reading = {}) {
    const bundle = await openBundle(source, reading.signal);
    const prefix = prefixOf(source);
    const shards = new Shards(source.name, bundle, prefix, reading);
    const { tensors, ignored } = await listVariables(source.name, bundle, shards);
    const beside = await graphBeside(`${prefix}.meta`, tensors, reading);
    return {
      tensors: withKernels(tensors, beside.kernels),
      ignored: [...ignored, ...beside.ignored],
      metadata: {},
      ...(beside.graph ? { graph: beside.graph } : {}),
    };
  },

  async verify(source, reading = {}) {
    const bundle = await openBundle(source, reading.signal);
    const shards = new Shards(source.name, bundle, prefixOf(source), reading);
    return verifyVariables(bundle, shards, reading.signal);
  },
};

const prefixOf = ({ name }: Source) => basename(name).slice(0, -ENDING.length);

/** The graph that the older interface writes beside: a checkpoint is whole without one. */
async function graphBeside(
  path: string,
  tensors: readonly TensorInfo[],
  { beside, signal }: Reading,
): Promise<Partial<Network> & { ignored: readonly Ignored[] }> {
  const left = (reason: string) => ({ ignored: [{ name: path, reason }] });
  let source: Source | undefined;
  try {
    source = await beside?.(path);
    if (!source) return { ignored: [] };
    if (source.size > MAX_GRAPH) return left(`it is a graph of more than ${MAX_GRAPH} bytes`);
    const scan = new Scanner(source, signal);
    const meta = await readMetaGraph(scan, scan.root);
    const network = networkOf(meta, keysOf(tensors));
    return { ignored: [], ...(network.graph.nodes.length > 0 ? network : {}) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return source ? left(`it is no graph: ${error.message}`) : { ignored: [] };
  }
}

/** The first entry is the header's, whose key is empty; a compressed block begins with its length. */
const isBundle = (head: Uint8Array) =>
  head.subarray(0, 9).some((byte, i) => byte === 0 && head[i + 1] === 0);
