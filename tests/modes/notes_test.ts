import { assertEquals } from "@std/assert";
import { spellNotes } from "../../src/modes/notes.ts";

Deno.test("what was found is spelled by name, the first numbers of many; places are left to programs", () => {
  const notes = {
    frobenius: [6.94912],
    singular_values: [6.0123, 2.3561, -1.25e-15, 0.5, 0.25],
    order: [6, 10, 4],
  };
  assertEquals(
    spellNotes(notes),
    "frobenius 6.949; singular values 6.012, 2.356, −1.25e−15, 0.5, …",
  );
});
