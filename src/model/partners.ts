import type { TensorInfo } from "../formats/format.ts";
import type { Model } from "./model.ts";

type Named = ReadonlyMap<string, TensorInfo>;

const known = new WeakMap<Model, { readonly named: Named; readonly aliases: Ties }>();
/** Further names of tensors, by the name that stands for them. */
type Ties = ReadonlyMap<string, readonly string[]>;

/**
 * The tensor or view of `other` that has the name of one of `model`'s. A name that is tied to
 * another stands for the same tensor, in either model.
 */
export function namesakeOf(
  model: Model,
  { name }: TensorInfo,
  other: Model,
): TensorInfo | undefined {
  const { named } = indexOf(other);
  const names = [name, ...indexOf(model).aliases.get(name) ?? []];
  return names.map((name) => named.get(name)).find((found) => found !== undefined);
}

/** Names of tensors that have the longest beginning and end in common with a name, at most three. */
export function similarNames({ tensors }: Model, name: string): string[] {
  const alike = tensors.map((tensor) => ({ name: tensor.name, common: common(tensor.name, name) }));
  return alike.filter(({ common }) => common > 0).sort((a, b) => b.common - a.common)
    .slice(0, 3).map(({ name }) => name);
}

function indexOf(model: Model) {
  let index = known.get(model);
  if (!index) {
    const named = new Map<string, TensorInfo>();
    for (const tensor of [...model.views, ...model.tensors]) named.set(tensor.name, tensor);
    const aliases = new Map<string, string[]>();
    for (const [alias, name] of model.structure.aliases) {
      const tensor = named.get(name);
      if (tensor && !named.has(alias)) named.set(alias, tensor);
      aliases.set(name, [...aliases.get(name) ?? [], alias]);
    }
    known.set(model, index = { named, aliases });
  }
  return index;
}

function common(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let before = 0, after = 0;
  while (before < most && a[before] === b[before]) before++;
  while (after < most - before && a.at(-1 - after) === b.at(-1 - after)) after++;
  return before + after;
}
