/** Milliseconds before the first sign: what is done by then needs none. */
const SOON = 1000;

export interface ProgressOptions {
  /** What is counted, e.g. "tiles". */
  readonly unit: string;
  readonly total: number;
  /** How many an earlier run has done. */
  readonly done?: number;
  /** Also where nobody looks: standard error is not a terminal. */
  readonly force: boolean;
}

/** Says on standard error how far work that takes longer than a second has come. */
export function progress({ unit, total, done = 0, force }: ProgressOptions) {
  const terminal = Deno.stderr.isTerminal();
  const began = performance.now();
  const before = done;
  let said = 0;
  let written = 0;
  let noted = "";
  const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  const tell = () => {
    const now = performance.now();
    if (!(terminal || force) || now - Math.max(began, said) < (said === 0 ? SOON : SOON / 5)) {
      return;
    }
    said = now;
    const rate = (done - before) / (now - began) * 1000;
    const bulk = written > 0 ? `, ${(written / 1e6).toFixed(0)} MB` : "";
    const pace = `${rate.toFixed(rate < 10 ? 1 : 0)}/s, ${patience((total - done) / rate)} left`;
    const line = `${Math.round(done)} of ${total} ${unit} (${
      Math.floor(100 * done / total)
    } %)${bulk}${noted && `, ${noted}`}, ${pace}`;
    say(terminal ? `\r\x1b[K${line}` : `${line}\n`);
  };
  return {
    /** One more is done; it came to so many bytes, where these are counted. */
    tick(bytes = 0): void {
      done++;
      written += bytes;
      tell();
    },
    /** So many are done; a note says what there is to say of it. */
    set(count: number, note = ""): void {
      done = count;
      noted = note;
      tell();
    },
    end(): void {
      if (said > 0 && terminal) say("\r\x1b[K");
    },
  };
}

/** A span of time in the largest unit that says something. */
function patience(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  if (seconds < 6000) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.ceil(seconds / 3600)} h`;
}
