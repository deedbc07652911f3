import { dtypes, type Graph, type TensorInfo } from "../format.ts";
import { type Field, integersOf, type Scanner, type Span, wires } from "../protobuf.ts";
import { type GraphDef, readGraphDef } from "./graph_def.ts";
import { Inlined, type Placed } from "./inline.ts";
import type { Kernel } from "../kernels.ts";
import { kernelsOf } from "./kernels.ts";
import { graphOfNodes } from "./nodes.ts";

/** A graph, and what of it is the network. */
export interface MetaGraph {
  readonly graph: GraphDef;
  /** Tensors that the network gives, as inputs name them; none known: empty. */
  readonly outputs: readonly string[];
  /** By function: the objects whose variables it takes after its arguments. */
  readonly captures: ReadonlyMap<string, readonly number[]>;
  readonly tags: readonly string[];
  readonly writer?: string;
}

/** The network of a meta graph. */
export interface Network {
  readonly graph: Graph;
  /** Constants in it that may be weights. */
  readonly constants: readonly TensorInfo[];
  /** How its operations take their weights, by the tensors' names. */
  readonly kernels: ReadonlyMap<string, Kernel | undefined>;
}

const SERVING = "serving_default";
/** Bytes of a list of captured objects: hundreds of thousands. */
const MAX_CAPTURES = 1 << 20;

/**
 * The tensor that a variable stands for: of the object that a function captures, where that is
 * known, else by the variable's name. Objects may share a name.
 */
export type KeyOf = (name: string, object?: number) => string | undefined;

/** https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto */
export async function readMetaGraph(scan: Scanner, span: Span): Promise<MetaGraph> {
  let graph: GraphDef = { nodes: [], tensors: [], ignored: [], functions: new Map() };
  const signatures = new Map<string, string[]>();
  const captures = new Map<string, readonly number[]>();
  const tags: string[] = [];
  let writer: string | undefined;
  await scan.walk(span, (field) => {
    if (field.number === 1) {
      return scan.walk(field, (field) => {
        if (field.number === 4) tags.push(scan.text(field));
        if (field.number === 5) writer = scan.text(field);
      });
    }
    if (field.number === 2) return readGraphDef(scan, field).then((read) => graph = read);
    if (field.number === 5) return readSignature(scan, field, signatures);
    if (field.number === 7) return readObjects(scan, field, captures);
  });
  const outputs = signatures.get(SERVING) ?? [...signatures.values()].at(0) ?? [];
  return { graph, outputs, captures, tags, ...(writer ? { writer } : {}) };
}

/** Adds an entry of the map of SignatureDef: the names of its outputs. */
async function readSignature(
  scan: Scanner,
  entry: Span,
  signatures: Map<string, string[]>,
): Promise<void> {
  let name = "";
  const outputs: string[] = [];
  await scan.walk(entry, (field) => {
    if (field.number === 1) name = scan.text(field);
    if (field.number !== 2) return;
    return scan.walk(field, (field) => {
      if (field.number === 2) return readOutput(scan, field, outputs);
    });
  });
  // Signatures of the runtime's own, which only initialise, begin like this.
  if (!name.startsWith("__saved_model")) signatures.set(name, outputs);
}

/**
 * Adds the functions of a SavedObjectGraph, each with what it captures.
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/saved_object_graph.proto
 */
async function readObjects(
  scan: Scanner,
  span: Span,
  captures: Map<string, readonly number[]>,
): Promise<void> {
  await scan.walk(span, async (entry) => {
    if (entry.number !== 2) return;
    let name = "";
    const objects: number[] = [];
    await scan.walk(entry, (field) => {
      if (field.number === 1) name = scan.text(field);
      if (field.number !== 2) return;
      return scan.walk(field, async (field) => {
        if (field.number === 2) objects.push(...await integers(scan, field));
      });
    });
    captures.set(name, objects);
  });
}

const integers = async (scan: Scanner, field: Field) =>
  field.wire === wires.varint
    ? [field.value]
    : integersOf(scan.source.name, await scan.read(field, MAX_CAPTURES));

async function readOutput(scan: Scanner, entry: Span, outputs: string[]): Promise<void> {
  await scan.walk(entry, (field) => {
    if (field.number !== 2) return;
    return scan.walk(field, (field) => {
      if (field.number === 1) outputs.push(scan.text(field));
    });
  });
}

const variables = new Set(["VarHandleOp", "VariableV2", "Variable", "AutoReloadVariable"]);

/** Whether a meta graph takes weights from a checkpoint. */
export const hasVariables = ({ graph }: MetaGraph): boolean =>
  graph.nodes.some(({ op }) => variables.has(op));

/**
 * What computes the outputs, functions written out; without known outputs all but what saves,
 * restores, initialises and trains.
 */
export function networkOf(
  { graph, outputs, captures }: MetaGraph,
  keyOf: KeyOf,
): Network {
  const inlined = new Inlined(graph.nodes, graph.functions);
  const whole = inlined.nodes.map((node): Placed => ({
    ...node,
    inputs: node.inputs.map((input) => inlined.resolve(input)),
  }));
  const nodes = outputs.length > 0
    ? reaching(whole, outputs.map((output) => inlined.resolve(output)))
    : whole.filter(isNetwork);
  const weights = new Map(graph.tensors.filter(mayBeWeight).map((tensor) => [tensor.name, tensor]));
  const constants = new Map<string, TensorInfo>();
  const tensors = new Map<string, string>();
  const objects = objectsOf(graph, captures);
  for (const { op, name, sharedName = name, path, listed } of nodes) {
    const key = variables.has(op) ? keyOf(sharedName, objects.get(path)) ?? keyOf(name) : undefined;
    const weight = op === "Const" ? weights.get(listed) : undefined;
    if (weight) constants.set(weight.name, weight);
    const tensor = key ?? weight?.name;
    if (tensor !== undefined) tensors.set(path, tensor);
  }
  const used = nodes.filter(({ op, path }) => !variables.has(op) || tensors.has(path));
  return {
    graph: graphOfNodes(used, tensors),
    constants: [...constants.values()],
    kernels: kernelsOf(used, tensors),
  };
}

/** The object of each variable that a function of the graph captures, by the variable's node. */
function objectsOf(
  { nodes }: GraphDef,
  captures: MetaGraph["captures"],
): ReadonlyMap<string, number> {
  const objects = new Map<string, number>();
  for (const { inputs, calls = "" } of nodes) {
    const captured = captures.get(calls) ?? [];
    const data = inputs.filter((input) => !input.startsWith("^"));
    for (const [i, input] of data.slice(data.length - captured.length).entries()) {
      objects.set(input.split(":", 1)[0]!, captured[i]!);
    }
  }
  return objects;
}

/** Numbers with a fraction, more than one: others are shapes, axes, bounds. */
const mayBeWeight = ({ dtype, shape }: TensorInfo) =>
  dtype in dtypes && /^B?F/.test(dtype) && shape.length > 0;

function reaching(nodes: readonly Placed[], outputs: readonly string[]): Placed[] {
  const byPath = new Map(nodes.map((node) => [node.path, node]));
  const reached = new Set<string>();
  const left = [...outputs];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    const node = byPath.get(path.split(":", 1)[0]!);
    if (!node || reached.has(node.path)) continue;
    reached.add(node.path);
    left.push(...node.inputs);
  }
  return nodes.filter(({ path }) => reached.has(path));
}

const chores =
  /^(Assign|Save|Restore|MergeV2|VarIsInit|IsVariableInit|ShardedFilename|Apply|ResourceApply|.*Summary)/;
const quarters = /(^|\/)(save|gradients|Initializer|train|report_uninitialized_variables)(_\d+)?\//;

const isNetwork = ({ op, name }: Placed) => !chores.test(op) && !quarters.test(name);
