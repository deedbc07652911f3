import { fileURLToPath } from "node:url";

/** How a process is started. */
export interface Start {
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string>;
}

const root = fileURLToPath(new URL("../", import.meta.url));
const { tasks } = JSON.parse(Deno.readTextFileSync(`${root}deno.json`));
const [, variable = "", value = "", flags = ""] =
  /(\w+)=(\S+) deno run (.*) src\/cli\/main\.ts$/.exec(tasks.synaptile) ?? [];

/** The command line as `deno task synaptile` runs it, kernels and page already built. */
export const own = (...args: readonly string[]): Start => ({
  command: Deno.execPath(),
  args: ["run", ...flags.split(" "), "--no-prompt", `${root}src/cli/main.ts`, ...args],
  env: { [variable]: value },
});

/** Resident memory of a process in MiB, looked at again and again until `stop`. */
export class MemoryWatch {
  /** The most that was seen. */
  most = 0;
  /** The most that there ever was, as the system has it. */
  peak = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(readonly pid: number, milliseconds = 200) {
    this.#look();
    this.#timer = setInterval(() => this.#look(), milliseconds);
  }

  #look(): void {
    let status: string;
    try {
      status = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    } catch (error) {
      // It has ended: a process that is gone has no status, one being reaped cannot be read.
      if (error instanceof Deno.errors.NotFound || /os error 3\b/.test(`${error}`)) return;
      throw error;
    }
    const mebibytes = (field: string) =>
      Number(status.match(`${field}:\\s+(\\d+) kB`)?.[1] ?? 0) / 1024;
    this.most = Math.max(this.most, mebibytes("VmRSS"));
    this.peak = Math.max(this.peak, mebibytes("VmHWM"));
  }

  stop(): void {
    this.#look();
    clearInterval(this.#timer);
  }
}
