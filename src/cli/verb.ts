import { parseArgs } from "node:util";

/** One option of a verb: parsed and explained from the same line. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in the help; none for a boolean. */
  readonly value?: string;
  readonly about: string;
}

/** Something the command line can do. One file a verb, named in `main.ts`. */
export interface Verb {
  readonly name: string;
  /** The positional arguments, e.g. "MODEL LAYER". */
  readonly operands: string;
  readonly about: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples: readonly string[];
  /** Resolves with the exit code. `signal` aborts at Ctrl-C. */
  run(given: Given, signal: AbortSignal): Promise<number>;
}

/** A command line that makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Arguments, taken apart. */
export interface Given {
  readonly operands: readonly string[];
  /** Whether a boolean flag stands there. */
  has(flag: string): boolean;
  text(flag: string): string | undefined;
  texts(flag: string): readonly string[];
  /** Throws `UsageError` where the text is not a whole number from `minimum` to `maximum`. */
  whole(flag: string, minimum: number, maximum?: number): number | undefined;
}

/** Takes arguments apart as the verb declares them. Throws `UsageError` naming what is allowed. */
export function parse(verb: Verb, args: readonly string[]): Given {
  const { values, positionals } = parsed(verb, args);
  const text = (flag: string) => values[flag] as string | undefined;
  return {
    operands: positionals,
    has: (flag) => values[flag] === true,
    text,
    texts: (flag) => (values[flag] ?? []) as string[],
    whole(flag, minimum, maximum = Number.MAX_SAFE_INTEGER) {
      const found = text(flag);
      if (found === undefined) return undefined;
      const value = /^-?\d+$/.test(found) ? Number(found) : NaN;
      if (value >= minimum && value <= maximum) return value;
      const upTo = maximum === Number.MAX_SAFE_INTEGER ? " on" : ` to ${maximum}`;
      throw new UsageError(`--${flag} ${found} is not a whole number from ${minimum}${upTo}`);
    },
  };
}

function parsed(verb: Verb, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(verb.flags).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) },
    ]),
  );
  // Checked here: what `parseArgs` itself says of a mistake is for whoever calls it.
  const found = parseArgs({
    ...{ args: [...args], options, allowPositionals: true },
    ...{ strict: false, tokens: true },
  });
  for (const token of found.tokens) if (token.kind === "option") check(verb, token);
  return found;
}

interface Option {
  readonly name: string;
  /** As it was spelt: "-p", "--port". */
  readonly rawName: string;
  readonly value?: string | undefined;
  /** Whether the value stands behind "=" or the short name, not as the next argument. */
  readonly inlineValue?: boolean | undefined;
}

function check({ name: verb, flags }: Verb, { name, rawName, value, inlineValue }: Option): void {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (!flag) {
    const known = Object.keys(flags).map((name) => `--${name}`).join(" ");
    throw new UsageError(`there is no option ${rawName}; ${verb} knows ${known}`);
  }
  if (flag.type === "boolean") {
    if (value === undefined) return;
    throw new UsageError(`${rawName} takes no value, found ${value}`);
  }
  // "-1" can only be a number that is out of range; "-x" is the next option.
  const next = !inlineValue && /^-\D/.test(value ?? "");
  if (value !== undefined && !next) return;
  const instead = next ? `, found ${value}` : "";
  throw new UsageError(`${rawName} needs a value: ${rawName} ${flag.value}${instead}`);
}
