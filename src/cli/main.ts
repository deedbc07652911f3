/** The command line: `deno task synaptile VERB …`. */
import { BadRequest, SynaptileError } from "../errors.ts";
import { automaton } from "./automaton.ts";
import { exportVerb } from "./export.ts";
import { forward } from "./forward.ts";
import { overview, usage } from "./help.ts";
import { ingest } from "./ingest.ts";
import { inspect } from "./inspect.ts";
import { render } from "./render.ts";
import { serve } from "./serve.ts";
import { parse, UsageError, type Verb } from "./verb.ts";

const verbs: readonly Verb[] = [serve, ingest, render, exportVerb, inspect, forward, automaton];

const INTERRUPTED = 130;

/** Runs one command; resolves with its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [name = "--help", ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    console.log(overview(verbs));
    return 0;
  }
  const verb = verbs.find((verb) => verb.name === name);
  const interrupted = new AbortController();
  try {
    if (!verb) {
      const known = verbs.map(({ name }) => name).join(", ");
      throw new UsageError(`there is no verb "${name}"; there are ${known}`);
    }
    if (rest.includes("--help") || rest.includes("-h")) {
      console.log(usage(verb));
      return 0;
    }
    const given = parse(verb, rest);
    onInterrupt(() => interrupted.abort());
    return await verb.run(given, interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) return INTERRUPTED;
    if (error instanceof UsageError) {
      const hint = `try: deno task synaptile ${verb ? `${verb.name} ` : ""}--help`;
      console.error(`synaptile: ${error.message}\n${hint}`);
      return 2;
    }
    // Our own errors are sentences for the reader; others are faults, whose stack helps to mend them.
    if (error instanceof SynaptileError) console.error(`synaptile: ${error.message}`);
    else console.error("synaptile:", error);
    // All that can be asked for here stands in the arguments.
    return error instanceof BadRequest ? 2 : 1;
  }
}

/** The first signal asks for an end in good order, a second one ends at once. */
function onInterrupt(end: () => void): void {
  let asked = false;
  const hear = () => {
    if (asked) Deno.exit(INTERRUPTED);
    asked = true;
    end();
  };
  Deno.addSignalListener("SIGINT", hear);
  // Windows knows only SIGINT and SIGBREAK.
  Deno.addSignalListener(Deno.build.os === "windows" ? "SIGBREAK" : "SIGTERM", hear);
}

// Explicit: signal listeners would keep the process alive.
if (import.meta.main) Deno.exit(await main(Deno.args));
