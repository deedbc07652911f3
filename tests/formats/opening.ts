import { assert } from "@std/assert";
import type { Format, Listing } from "../../src/formats/format.ts";
import { openBeside } from "../../src/storage/beside.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MeteredSource } from "../../src/storage/metered.ts";

/** Other work on the machine is not what is measured: the best of so many counts. */
const RUNS = 10;

/** What opening gave, the file, and those beside it that were opened. */
export interface Opened {
  readonly listing: Listing;
  readonly source: MeteredSource;
  readonly others: readonly MeteredSource[];
}

/** Opens a file until that takes `limit` ms, ten times at most; `check` looks at each result. */
export async function opensInTime(
  format: Format,
  path: string,
  check: (opened: Opened) => void,
  limit = 300,
): Promise<void> {
  let best = Infinity;
  for (let run = 0; run < RUNS && best > limit; run++) {
    const start = performance.now();
    const source = new MeteredSource(new FileSource(path));
    const others: MeteredSource[] = [];
    const beside = (name: string) => {
      others.push(new MeteredSource(openBeside(path, name)));
      return Promise.resolve(others.at(-1)!);
    };
    const listing = await format.list(source, { beside });
    best = Math.min(best, performance.now() - start);
    check({ listing, source, others });
    for (const opened of [source, ...others]) opened.close();
  }
  assert(best <= limit, `opened in ${best.toFixed(1)} ms at best`);
}
