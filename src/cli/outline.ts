import type { describeModel } from "../tile/describe.ts";
import { type Fold, foldBlocks } from "../model/fold.ts";
import { table } from "./table.ts";

/** What `GET /models/{model}` answers. */
export type Body = ReturnType<typeof describeModel>;
type Layer = Body["layers"][number];

/** Reasons told one by one; a file of a thousand texts would hide the rest. */
const MAX_IGNORED = 20;
/** More steps than this are not all named. */
const MOST_STEPS = 20;

/** A model in one line. */
export function titleOf({ title, format, tensors, parameters, bytes }: Body): string {
  const total = `${tensors.length} tensors, ${count(parameters)} parameters, ${count(bytes)} bytes`;
  return `${title} (${format}): ${total}`;
}

/** The tree of a model's layers as text, repeated blocks folded, and what is known besides. */
export function outline(body: Body): string {
  const { layers, structure } = body;
  const network = layers.filter(({ kind }) => kind !== "optimizer");
  const rows = foldBlocks(network).flatMap((fold) => rowsOf(fold, 0, 1));
  const head = ["layer", "kind", "role", "type", "shape", "parameters"];
  return [
    titleOf(body),
    ...facts(structure),
    ...moments(body),
    "",
    table([head, ...rows, ...states(layers)], 5),
    ...remarks(body),
    ...lost(body),
    ...ignored(structure.ignored),
  ].join("\n");
}

function facts({ order, declared, joins, edges }: Body["structure"]): string[] {
  const known = Object.entries(declared).map(([name, value]) => `${name} ${value}`);
  const kinds = [...Map.groupBy(joins, ({ kind }) => kind)]
    .map(([kind, { length }]) => `${length} ${kind}`);
  const sources = {
    graph: `in the order of the graph, ${edges} edges`,
    names: "in the order that their names suggest",
    file: "in the order of the file",
  };
  return [
    `layers ${sources[order]}`,
    ...(kinds.length > 0 ? [`joins: ${kinds.join(", ")}`] : []),
    ...(known.length > 0 ? [`the file says: ${known.join(", ")}`] : []),
  ];
}

/** Of a capture, its steps, and what of its layers was captured at the one that is told of. */
function moments({ step, steps, layers }: Body): string[] {
  if (step === undefined) return [];
  const numbers = steps.map(({ step }) => step);
  const listed = numbers.length > MOST_STEPS
    ? `${numbers.length} from ${numbers[0]} to ${numbers.at(-1)}`
    : numbers.join(", ");
  const kinds = [...Map.groupBy(layers.flatMap(({ captured }) => captured), ({ kind }) => kind)]
    .map(([kind, { length }]) => `${kind} ${length}`);
  return [`steps ${listed}; captured at ${step}: ${kinds.join(", ") || "weights alone"}`];
}

/** `times` is how often the blocks above repeat. */
function rowsOf(fold: Fold<Layer>, depth: number, times: number): string[][] {
  const label = "  ".repeat(depth) + fold.label;
  if ("parts" in fold) {
    const rows = fold.parts.flatMap((part) => rowsOf(part, depth + 1, times * fold.count));
    return [[fold.count > 1 ? `${label}  × ${fold.count}` : label], ...rows];
  }
  const { layers } = fold;
  const [first] = layers;
  if (!first) return [];
  const aliases = times === 1 ? first.aliases : [];
  const types = [...new Set(layers.map(({ dtype }) => dtype))];
  return [[
    [label, ...namesOf(aliases)].join(" = "),
    first.kind,
    first.role ?? "",
    types.join("/"),
    `[${first.shape.join(", ")}]`,
    count(layers.reduce((sum, { parameters }) => sum + parameters, 0)),
  ]];
}

/** The other names of a layer's tensors, as many as a column has room for. */
function namesOf([first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  return [others.length > 0 ? `${first} and ${count(others.length)} more` : first];
}

/** What an optimizer keeps in a row: it has the shapes of the layers. */
function states(layers: readonly Layer[]): string[][] {
  const kept = layers.filter(({ kind }) => kind === "optimizer");
  if (kept.length === 0) return [];
  const sum = kept.reduce((sum, { parameters }) => sum + parameters, 0);
  const types = [...new Set(kept.map(({ dtype }) => dtype))].join("/");
  return [[`optimizer states  × ${kept.length}`, "optimizer", "", types, "", count(sum)]];
}

/** What to know of tensors' values, each sentence once, and what else there is to look at. */
function remarks({ tensors, views }: Body): string[] {
  const noted = Map.groupBy(tensors, ({ note }) => note);
  noted.delete(undefined);
  const notes = Array.from(noted, ([note, of]) => `${some(of)}: ${note}`);
  const looks = views.length > 0 ? [`views besides: ${some(views)}`] : [];
  return notes.length + looks.length > 0 ? ["", ...notes, ...looks] : [];
}

const some = ([first, ...others]: readonly { readonly name: string }[]) =>
  `${first?.name}${others.length > 0 ? ` and ${count(others.length)} more` : ""}`;

/** Files that cannot be read, and why. */
export function lost({ failures }: Body): string[] {
  if (failures.length === 0) return [];
  const rows = failures.map(({ file, detail, tensors }) =>
    `  ${file}, of ${count(tensors)} tensors: ${detail}`
  );
  return ["", `${count(failures.length)} of its files cannot be read:`, ...rows];
}

function ignored(list: Body["structure"]["ignored"]): string[] {
  if (list.length === 0) return [];
  const rows = list.slice(0, MAX_IGNORED).map(({ name, reason }) => `  ${name}: ${reason}`);
  const more = list.length - rows.length;
  return ["", `${list.length} left out:`, ...rows, ...(more > 0 ? [`  and ${more} more`] : [])];
}

const count = (value: number) => value.toLocaleString("en-US");
