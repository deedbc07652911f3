import { formats } from "../../src/formats/table.ts";

const readme = new URL("../../README.md", import.meta.url);
const BEGIN = "<!-- formats: written by deno task bless -->\n", END = "<!-- end of formats -->";

/** What every format supports, as a table of the README. */
function table(): string {
  const rows = formats.map(({ about: { title, files, reads, not } }) =>
    `| ${title} | ${files.map((file) => `\`${file}\``).join(", ")} | ${reads} | ${not} |`
  );
  return ["| format | files | what is read | what is not |", "| --- | --- | --- | --- |", ...rows]
    .join("\n") + "\n";
}

/** The README as it is, and as it should be. */
export function compared(): { found: string; expected: string } {
  const found = Deno.readTextFileSync(readme);
  const from = found.indexOf(BEGIN) + BEGIN.length, to = found.indexOf(END);
  if (from < BEGIN.length || to < from) throw new Error(`README.md lacks ${BEGIN} or ${END}`);
  return { found, expected: `${found.slice(0, from)}\n${table()}\n${found.slice(to)}` };
}

if (import.meta.main) {
  Deno.writeTextFileSync(readme, compared().expected);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", readme.pathname] }).output();
}
