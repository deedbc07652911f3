import { fileURLToPath } from "node:url";
import { scratch } from "./models.ts";

/** A process that serves, and where. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a process that prints "Listening on URL". */
export async function start(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Server> {
  const process = new Deno.Command(command, { args: [...args], env, stdout: "piped" }).spawn();
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await output.read();
    if (done) throw new Error(`${command} ${args.join(" ")} ended early`);
    text += value;
  }
  const [, url = ""] = /Listening on (\S+)/.exec(text) ?? [];
  return {
    url: url.replace(/\/$/, ""),
    pid: process.pid,
    async stop() {
      process.kill("SIGTERM");
      await process.status;
      await output.cancel();
    },
  };
}

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
const [, variable = "", value = "", flags = ""] =
  /(\w+)=(\S+) deno run (.*) src\/cli\/main\.ts serve/.exec(tasks.serve) ?? [];

/** Our own server, as `deno task serve` starts it. */
export const synaptile = (...args: readonly string[]): Promise<Server> =>
  start(Deno.execPath(), [
    ...["run", ...flags.split(" ")],
    ...[script("../src/cli/main.ts"), "serve", "--port", "0", ...args],
  ], { [variable]: value });

/** Nothing but `Deno.serve`: answers the bodies in that folder, in turn, or 304s. */
export const bare = (folder: string): Promise<Server> =>
  start(Deno.execPath(), ["run", "--quiet", "-A", script("bare_server.ts"), folder]);

/** What wrk found. */
export interface Load {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
  readonly bytesEach: number;
}

// Paths in random order, each with the tag that the client has, if it has one.
const lua = `
local paths, tags, count = {}, {}, 0
function setup(thread) thread:set("seed", count); count = count + 1 end
function init()
  for line in io.lines(os.getenv("BENCH_PATHS")) do
    local path, tag = line:match("^(%S+)%s*(.*)$")
    paths[#paths + 1] = path
    tags[#paths] = tag ~= "" and { ["If-None-Match"] = tag } or nil
  end
  math.randomseed(7 + seed * 1000)
end
function request()
  local i = math.random(#paths)
  return wrk.format("GET", paths[i], tags[i])
end
function done(all, latency)
  local e = all.errors
  io.write(string.format('JSON {"requests": %d, "us": %d, "bytes": %d, "errors": %d, "p50": %d, "p99": %d}\\n',
    all.requests, all.duration, all.bytes, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`;

/** A path, and the tag that is sent along. */
export type Ask = readonly [path: string, tag?: string];

/** Asks for these paths at random, `seconds` long, over so many connections. */
export async function load(
  server: Pick<Server, "url">,
  asks: readonly Ask[],
  connections: number,
  seconds = 3,
): Promise<Load> {
  Deno.mkdirSync(scratch, { recursive: true });
  const paths = `${scratch}/paths.txt`, file = `${scratch}/random.lua`;
  await Deno.writeTextFile(paths, asks.map((ask) => ask.join(" ")).join("\n") + "\n");
  await Deno.writeTextFile(file, lua);
  const { stdout } = await new Deno.Command("wrk", {
    args: ["-t2", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", file, server.url],
    env: { BENCH_PATHS: paths },
  }).output();
  const text = new TextDecoder().decode(stdout);
  const found = JSON.parse(/^JSON (.*)$/m.exec(text)?.[1] ?? "null");
  if (!found) throw new Error(`wrk said: ${text}`);
  return {
    rate: found.requests / found.us * 1e6,
    p50: found.p50 / 1e3,
    p99: found.p99 / 1e3,
    errors: found.errors,
    bytesEach: found.bytes / found.requests,
  };
}

/** One line about a load. */
export const line = (name: string, { rate, p50, p99, errors, bytesEach }: Load): string =>
  `${name.padEnd(44)} ${rate.toFixed(0).padStart(8)}/s  p50 ${p50.toFixed(2).padStart(7)} ms  ` +
  `p99 ${p99.toFixed(2).padStart(7)} ms  ${errors} errors  ${bytesEach.toFixed(0)} bytes each`;

/** The load with the middle rate. */
export const middle = (loads: readonly Load[]): Load =>
  loads.toSorted((a, b) => a.rate - b.rate)[loads.length >> 1]!;
