import type { Verb } from "./verb.ts";

const PROGRAM = "deno task synaptile";

/** What `--help` prints without a verb. */
export function overview(verbs: readonly Verb[]): string {
  return `Synaptile draws neural networks as deep-zoom maps.

Usage: ${PROGRAM} VERB [ARGUMENT…]

${columns(verbs.map(({ name, about }) => [name, about]))}

${PROGRAM} VERB --help explains a verb.
Exit codes: 0 done, 1 failed, 2 arguments not understood, 130 interrupted.
`;
}

/** What `VERB --help` prints. */
export function usage({ name, operands, about, flags, examples }: Verb): string {
  const rows = Object.entries(flags).map(([flag, { short, value, about }]): [string, string] => [
    `${short ? `-${short}, ` : ""}--${flag}${value ? ` ${value}` : ""}`,
    about,
  ]);
  return `${about}

Usage: ${PROGRAM} ${name} ${operands} [OPTION…]

${columns(rows)}

Examples:
${examples.map((example) => `  ${PROGRAM} ${example}`).join("\n")}
`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join("\n");
}
