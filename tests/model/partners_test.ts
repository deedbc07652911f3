import { assertEquals } from "@std/assert";
import type { Model } from "../../src/model/model.ts";
import { namesakeOf, similarNames } from "../../src/model/partners.ts";
import { tensorOf } from "../field/planes.ts";

/** A model of tensors with these names, and names that are tied to others. */
function model(names: readonly string[], ties: Readonly<Record<string, string>> = {}): Model {
  const [tensors, views] = [names.filter((name) => !name.includes(":")), names]
    .map((names) => names.map((name) => ({ ...tensorOf([2], () => 0).tensor, name })));
  const structure = { aliases: new Map(Object.entries(ties)) };
  return { tensors, views, structure } as unknown as Model;
}

const named = (own: Model, name: string, other: Model) =>
  namesakeOf(own, own.views.find((tensor) => tensor.name === name)!, other)?.name;

Deno.test("a tensor's partner has its name, or one that is tied to it in either model", () => {
  const tied = model(["embed", "fc", "fc:scale"], { head: "embed" });
  const apart = model(["embed", "head", "fc:scale"]);
  const odd = model(["head"]);
  assertEquals(named(tied, "embed", apart), "embed");
  assertEquals(named(apart, "head", tied), "embed");
  assertEquals(named(tied, "embed", odd), "head");
  assertEquals(named(odd, "head", tied), "embed");
  assertEquals(named(tied, "fc", apart), undefined);
  assertEquals(named(tied, "fc:scale", apart), "fc:scale");
});

Deno.test("names are alike that begin and end alike", () => {
  const other = model(["block.0.fc.weight", "block.10.fc.weight", "block.1.fc.bias", "head", "z"]);
  assertEquals(similarNames(other, "block.1.fc.weight")[0], "block.10.fc.weight");
  assertEquals(similarNames(other, "block.1.fc.weight").length, 3);
  assertEquals(similarNames(other, "q"), []);
});
