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
  const aliases = new Map<string, string>();
  const shared = new Map<string, string[]>();
  for (const spans of bySource(given)) {
    // Sorting keeps the file's order among those that begin at the same place.
    spans.sort((a, b) => a.offset - b.offset);
    for (let from = 0, to; from < spans.length; from = to) {
      to = from + 1;
      while (spans[to]?.offset === spans[from]!.offset) to++;
      if (to - from > 1) tie(spans.slice(from, to), aliases);
    }
    overlap(aliases.size > 0 ? spans.filter(({ name }) => !aliases.has(name)) : spans, shared);
  }
  const tensors = aliases.size > 0 ? given.filter(({ name }) => !aliases.has(name)) : given;
  return { tensors, aliases, shared };
}

function tie(tensors: readonly TensorInfo[], aliases: Map<string, string>): void {
  const groups = Map.groupBy(tensors, reading);
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const { name: first } = group.reduce((a, b) => standing(b.name) < standing(a.name) ? b : a);
    for (const { name } of group) if (name !== first) aliases.set(name, first);
  }
}

/** How a tensor's bytes are read. */
function reading({ dtype, shape, strides, bigEndian, affine, composed }: TensorInfo): string {
  return JSON.stringify([dtype, shape, strides, bigEndian, affine, composed]);
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
    meaningOf(wordOf(part.replace(/^[./]+/, "")), false, around)?.role
  );
  if (roles.some((role) => role?.startsWith("embedding"))) return 0;
  return roles.includes("head") ? 2 : 1;
}

function overlap(spans: readonly TensorInfo[], found: Map<string, string[]>): void {
  const tell = (of: TensorInfo, other: TensorInfo) => {
    const names = found.get(of.name);
    if (!names) found.set(of.name, [other.name]);
    else if (names.length < MAX_SHARED) names.push(other.name);
  };
  // Those before that reach beyond where the next one begins.
  let open: TensorInfo[] = [];
  for (const tensor of spans) {
    if (open.length > 0) {
      open = open.filter((other) => other.offset + other.bytes > tensor.offset);
      for (const other of open) {
        tell(other, tensor);
        tell(tensor, other);
      }
    }
    if (open.length < MAX_SHARED) open.push(tensor);
  }
}

/** Tensors that have any bytes, apart for each source. */
function bySource(tensors: readonly TensorInfo[]): Iterable<TensorInfo[]> {
  const home = homes();
  const sources = new Map<string, TensorInfo[]>();
  let last: SourceRef | undefined;
  let spans: TensorInfo[] = [];
  for (const tensor of tensors) {
    if (tensor.bytes === 0) continue;
    if (tensor.source !== last) {
      last = tensor.source;
      const key = home(last);
      spans = sources.get(key) ?? [];
      sources.set(key, spans);
    }
    spans.push(tensor);
  }
  return sources.values();
}
