import { assertEquals } from "@std/assert";
import { compared } from "./readme.ts";

/** Cells without the padding that the formatter gives them. */
const bare = (text: string) =>
  text.replaceAll(/ *\| */g, "|").replaceAll(/-{3,}/g, "---").replaceAll(/\n+/g, "\n");

Deno.test("the README's table of formats says what the readers say of themselves", () => {
  const { found, expected } = compared();
  assertEquals(bare(found), bare(expected), "run: deno task bless");
});
