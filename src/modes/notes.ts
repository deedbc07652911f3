import type { Notes } from "../analysis/derive/recipe.ts";

/** Numbers of one name that are spelled. */
const SHOWN = 4;

/** Names of what is for programs: places in a row say nothing to a reader. */
const UNSPELLED = ["order"];

/** What was found on the way to a picture, in words: "frobenius 6.949; singular 6.012, 2.356, …". */
export const spellNotes = (notes: Notes): string =>
  Object.entries(notes).filter(([name]) => !UNSPELLED.includes(name)).map(([name, values]) => {
    const shown = values.slice(0, SHOWN).map((value) =>
      String(Number(value.toPrecision(4))).replaceAll("-", "−")
    );
    const more = values.length > SHOWN ? ", …" : "";
    return `${name.replaceAll("_", " ")} ${shown.join(", ")}${more}`;
  }).join("; ");
