/** Milliseconds before the first sign: what is done by then needs none. */
const SOON = 1000;

export interface ProgressOptions {
  /** What is counted, e.g. "tiles". */
  readonly unit: string;
  readonly total: number;
  /** Also where nobody looks: standard error is not a terminal. */
  readonly force: boolean;
}

/** Says on standard error how far work that takes longer than a second has come. */
export function progress({ unit, total, force }: ProgressOptions) {
  const terminal = Deno.stderr.isTerminal();
  const began = performance.now();
  let said = 0;
  let done = 0;
  const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  return {
    /** One more is done. */
    tick(): void {
      done++;
      const now = performance.now();
      if (!(terminal || force) || now - Math.max(began, said) < (said === 0 ? SOON : SOON / 5)) {
        return;
      }
      said = now;
      const line = `${done} of ${total} ${unit} (${Math.floor(100 * done / total)} %)`;
      say(terminal ? `\r\x1b[K${line}` : `${line}\n`);
    },
    end(): void {
      if (said > 0 && terminal) say("\r\x1b[K");
    },
  };
}
