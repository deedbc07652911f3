import { fileURLToPath } from "node:url";
import { createApp } from "../../routes/app.ts";
import { Tokens } from "../../routes/tokens.ts";
import { NotFound } from "../errors.ts";
import { findModels } from "../model/find.ts";
import { isRemote } from "../storage/scheme.ts";
import { Uploads } from "../model/uploads.ts";
import { createEngine } from "../tile/engine.ts";
import type { Engine } from "../tile/tile.ts";
import { backendFlags, backendOf } from "./backend.ts";
import { reachFlags, reachOf } from "./reach.ts";
import { storeFlags, storeOf } from "./store.ts";
import { type Given, UsageError, type Verb } from "./verb.ts";

const bundled = fileURLToPath(new URL("../../fixtures/models/", import.meta.url));

/** Milliseconds that requests under way are given at the end. */
const GRACE = 5000;

/**
 * Serves until the first signal, and then until what is under way has its answers.
 *
 * `deno.json` starts it with a small nursery of V8's and an allocator that keeps what was freed:
 * Deno copies every body, and the copies would otherwise cost half of the tiles a second.
 */
export const serve: Verb = {
  name: "serve",
  operands: "[PATH or URL…]",
  about: "Serve models, files, folders of them or URLs, as maps; without any the bundled ones.",
  flags: {
    port: {
      type: "string",
      short: "p",
      value: "PORT",
      about: "8080 unless given; 0 picks a free one",
    },
    host: { type: "string", value: "HOST", about: "address to listen on: 127.0.0.1 unless given" },
    workers: { type: "string", value: "N", about: "threads that draw; one a core unless given" },
    cache: { type: "string", value: "MB", about: "memory for drawn tiles: 64 unless given" },
    uploads: { type: "string", value: "DIR", about: "take uploads, kept in this folder" },
    "max-upload": {
      type: "string",
      value: "MB",
      about: "the most an upload may have: 4096 unless given",
    },
    "no-watch": { type: "boolean", about: "look into folders once, not again when they change" },
    ...backendFlags,
    ...storeFlags,
    "no-ingest": { type: "boolean", about: "read models only as far as they are looked at" },
    ...reachFlags,
    "public-url": { type: "string", value: "URL", about: "where clients reach this server" },
    open: { type: "boolean", about: "open the page in a browser" },
    help: { type: "boolean", short: "h", about: "this text" },
  },
  examples: [
    "serve",
    "serve model.safetensors --port 0 --open",
    "serve models/ --host 0.0.0.0",
    "serve hf://openai-community/gpt2",
    "serve --uploads kept/ --allow-host models.example.org",
  ],

  async run(given, signal) {
    const hostname = given.text("host") ?? "127.0.0.1";
    const port = given.whole("port", 0, 65535) ?? 8080;
    const publicUrl = checkUrl(given.text("public-url"));
    const tokens = tokensOf(Deno.env.get("SYNAPTILE_TOKENS") ?? "");
    const uploads = uploadsOf(given);
    const engine = await open(given, uploads);
    try {
      signal.throwIfAborted(); // while models were opened
      if (!given.has("no-watch")) {
        given.operands.filter(isFolder).forEach((path) => follow(engine, path));
      }
      for (const { error } of engine.failures()) {
        console.error(`synaptile: ${error instanceof Error ? error.message : error}`);
      }
      for (const { id, failures } of engine.models()) {
        for (const { file, detail } of failures) {
          console.error(`synaptile: "${id}" is shown without ${file}: ${detail}`);
        }
      }
      const app = createApp(engine, {
        tokens,
        ...(uploads ? { uploads } : {}),
        ...(publicUrl === undefined ? {} : { publicUrl }),
      });
      await answerUntil(signal, { hostname, port }, app, (url) => {
        console.log(`Listening on ${url}`);
        if (given.has("open")) browse(url);
      });
      return 0;
    } finally {
      await engine.close();
    }
  },
};

function open(given: Given, uploads: Uploads | undefined): Promise<Engine> {
  const workers = given.whole("workers", 1, 256);
  const cache = given.whole("cache", 0);
  const paths = given.operands.length > 0 ? given.operands : [bundled];
  // What was uploaded before is there again; the folder itself may be empty.
  const before = uploads ? modelsIn(uploads.folder) : [];
  const watched = (path: string) => !given.has("no-watch") && isFolder(path);
  const found = paths.flatMap((path) => watched(path) ? modelsIn(path) : [path]);
  return createEngine([...found, ...before], {
    remote: reachOf(given),
    ...backendOf(given),
    ...storeOf(given, !given.has("no-ingest")),
    ...(workers === undefined ? {} : { workers }),
    ...(cache === undefined ? {} : { cacheBytes: cache * 2 ** 20 }),
  });
}

function tokensOf(text: string): Tokens {
  try {
    return new Tokens(text);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function uploadsOf(given: Given): Uploads | undefined {
  const folder = given.text("uploads");
  const most = given.whole("max-upload", 1) ?? 4096;
  if (folder === undefined) return;
  try {
    return new Uploads(folder, most * 2 ** 20);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new UsageError(
      `this process may not write to ${folder}: run it as "deno task synaptile serve", or with ` +
        `--allow-write=${folder}`,
    );
  }
}

function modelsIn(folder: string): readonly string[] {
  try {
    return findModels(folder);
  } catch (error) {
    if (error instanceof NotFound) return [];
    throw error;
  }
}

/** Whether a path leads to a folder; one that leads nowhere is refused where it is opened. */
function isFolder(path: string): boolean {
  if (isRemote(path)) return false;
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function follow(engine: Engine, folder: string): void {
  engine.watch(folder).catch((error) => {
    console.error(`synaptile: ${folder} is not watched for new models: ${error.message ?? error}`);
  });
}

/**
 * Answers by `app` until the signal, then until requests under way have their answers. `ready` is
 * told the address. Throws `UsageError` where the port is taken.
 */
export async function answerUntil(
  signal: AbortSignal,
  { hostname, port }: { hostname: string; port: number },
  app: (request: Request) => Response | Promise<Response>,
  ready: (url: string) => void,
): Promise<void> {
  const server = listen(hostname, port, app, ready);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, GRACE);
  await Promise.race([server.shutdown(), patience.promise]);
  clearTimeout(timer);
}

function listen(
  hostname: string,
  port: number,
  app: (request: Request) => Response | Promise<Response>,
  ready: (url: string) => void,
): Deno.HttpServer {
  try {
    const onListen = (address: Deno.NetAddr) => {
      const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
      ready(`http://${host}:${address.port}/`);
    };
    return Deno.serve({ hostname, port, onListen }, app);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new UsageError(`port ${port} of ${hostname} is taken; --port 0 picks a free one`);
    }
    throw error;
  }
}

function checkUrl(text: string | undefined): string | undefined {
  if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new UsageError(`--public-url ${text} is not an http or https URL`);
}

function browse(url: string): void {
  const openers: Partial<Record<typeof Deno.build.os, string[]>> = {
    darwin: ["open"],
    windows: ["explorer"],
  };
  const [program = "xdg-open"] = openers[Deno.build.os] ?? [];
  try {
    new Deno.Command(program, { args: [url], stdout: "null", stderr: "null" }).spawn().unref();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`synaptile: there is no ${program} to open the page with; it is at ${url}`);
  }
}
