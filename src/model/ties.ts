import type { TensorInfo } from "../formats/format.ts";
import type { SourceRef } from "../storage/source.ts";
import { meaningOf, wordOf } from "./names.ts";
import { partsOf } from "./tree.ts";

/** What tensors of a file are others of its tensors again. */
export interface Ties {
  /** Each place once, under the name that says most, in the file's order. */
  readonly tensors: readonly TensorInfo[];
  /** The names that are left over, each with the name that stands for it. */
  readonly aliases: ReadonlyMap<string, string>;
  /** By name: those whose bytes overlap its own, but are read in another way. */
  readonly shared: ReadonlyMap<string, readonly string[]>;
}

/** Names told for one tensor: a storage that a thousand views share would make a million pairs. */
const MAX_SHARED = 16;

/**
 * Finds tensors that are tied: the same bytes, read the same way. Of their names that of an
 * embedding is taken before others, that of a head last, and else the first in the file.
 */
export function findTies(given: readonly TensorInfo[]): Ties {
  const home = homes();
  const groups = new Map<string, TensorInfo[]>();
  for (const tensor of given) {
    const key = tensor.bytes === 0 ? tensor.name : place(tensor, home(tensor.source));
    const group = groups.get(key);
    if (group) group.push(tensor);
    else groups.set(key, [tensor]);
  }
  const aliases = new Map<string, string>();
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const { name: first } = group.reduce((a, b) => standing(b.name) < standing(a.name) ? b : a);
    for (const { name } of group) if (name !== first) aliases.set(name, first);
  }
  const tensors = aliases.size === 0 ? given : given.filter(({ name }) => !aliases.has(name));
  return { tensors, aliases, shared: overlaps(tensors, home) };
}

function place(tensor: TensorInfo, home: string): string {
  const { offset, dtype, shape, strides, bigEndian, affine, composed } = tensor;
  const rest = affine || composed ? JSON.stringify([affine, composed]) : "";
  return `${home} ${offset} ${dtype} ${shape} ${strides} ${bigEndian} ${rest}`;
}

/** Tells sources apart by what they read, whether or not they are the same object. */
function homes(): (ref: SourceRef) => string {
  const known = new Map<object, string>();
  const unique = (object: object) => {
    let key = known.get(object);
    if (key === undefined) known.set(object, key = `#${known.size}`);
    return key;
  };
  const home = (ref: SourceRef): string => {
    const before = known.get(ref);
    if (before !== undefined) return before;
    let key: string;
    switch (ref.kind) {
      case "file":
        key = `file ${ref.path}`;
        break;
      case "remote":
        key = `remote ${ref.url}`;
        break;
      case "memory":
        key = unique(ref.bytes);
        break;
      case "inflated":
      case "decoded":
        key = `${ref.kind} ${ref.offset} ${ref.length} of ${home(ref.from)}`;
        break;
      default:
        key = unique(ref);
    }
    known.set(ref, key);
    return key;
  };
  return home;
}

/** 0 for an embedding's name, 2 for a head's, 1 for others. */
function standing(name: string): number {
  const around = {
    scope: "trunk",
    blocks: false,
    transformer: false,
    beside: () => false,
  } as const;
  const roles = partsOf(name).map((part) =>
    meaningOf(wordOf(part.replace(/^[./]+/, "")), around)?.role
  );
  if (roles.some((role) => role?.startsWith("embedding"))) return 0;
  return roles.includes("head") ? 2 : 1;
}

function overlaps(
  tensors: readonly TensorInfo[],
  home: (ref: SourceRef) => string,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const tell = (of: TensorInfo, other: TensorInfo) => {
    const names = found.get(of.name);
    if (!names) found.set(of.name, [other.name]);
    else if (names.length < MAX_SHARED) names.push(other.name);
  };
  for (const spans of bySource(tensors, home)) {
    spans.sort((a, b) => a.offset - b.offset || b.bytes - a.bytes);
    // Those before that reach beyond where the next one begins.
    let open: TensorInfo[] = [];
    for (const tensor of spans) {
      open = open.filter((other) => other.offset + other.bytes > tensor.offset);
      for (const other of open) {
        tell(other, tensor);
        tell(tensor, other);
      }
      if (open.length < MAX_SHARED) open.push(tensor);
    }
  }
  return found;
}

function bySource(
  tensors: readonly TensorInfo[],
  home: (ref: SourceRef) => string,
): Iterable<TensorInfo[]> {
  const sources = new Map<string, TensorInfo[]>();
  for (const tensor of tensors) {
    if (tensor.bytes === 0) continue;
    const key = home(tensor.source);
    const spans = sources.get(key);
    if (spans) spans.push(tensor);
    else sources.set(key, [tensor]);
  }
  return sources.values();
}
