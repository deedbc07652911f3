import { assertEquals } from "@std/assert";
import { namesByLayer } from "../../../src/formats/keras/saved.ts";
import { tensor } from "../../model/tensors.ts";

Deno.test("the parts of a layer come in the order in which they compute, not in that of names", () => {
  const parts = ["key_dense", "output_dense", "query_dense", "value_dense"];
  const tensors = parts.map((part) => tensor(`layers/multi_head_attention/${part}/vars/0`));
  const groups = new Map([["layers", new Map()]]);
  const config = {
    class_name: "Functional",
    config: { layers: [{ class_name: "MultiHeadAttention", config: { name: "heads" } }] },
  };
  const names = namesByLayer({ tensors, ignored: [], groups }, config).get("heads");
  assertEquals(names?.map((name) => name.split("/")[2]), [
    ...["query_dense", "key_dense", "value_dense", "output_dense"],
  ]);
});
