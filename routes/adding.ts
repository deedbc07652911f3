import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { Busboy, type BusboyFileStream } from "@fastify/busboy";
import { Hono } from "hono";
import { BadRequest, Forbidden, SynaptileError } from "../src/errors.ts";
import { isObject } from "../src/formats/json.ts";
import type { Incoming, Uploads } from "../src/model/uploads.ts";
import { describeBriefly } from "../src/tile/describe.ts";
import type { Model } from "../src/model/model.ts";
import { cors, only, type Service } from "./answer.ts";

/** Bytes of a request that names a URL. */
const MAX_JSON = 1 << 16;
/** Characters of a URL; signed ones have a thousand. */
const MAX_URL = 1 << 13;
/** Bytes of a form beside those of its files. */
const MAX_FRAME = 1 << 20;
const FORM = "multipart/form-data";

/** `POST /models` and `DELETE /models/{model}`; whoever gets here may write. */
export function addingRoutes({ engine, base, uploads }: Service): Hono {
  return new Hono()
    .post("/models", async (c) => {
      const request = c.req.raw;
      const query = only(request, "name");
      const type = (request.headers.get("Content-Type") ?? "").split(";")[0]!.trim().toLowerCase();
      const model = type === "application/json"
        ? await engine.add(await urlIn(request), request.signal)
        : await receive(request, uploadsOf(uploads), type, query);
      return created(model);
    })
    .delete("/models/:model", (c) => {
      only(c.req.raw);
      const id = c.req.param("model");
      const { path, origin } = engine.whence(id);
      const uploaded = uploads?.holds(path) ?? false;
      if (origin !== "added" && !uploaded) {
        throw new Forbidden(
          `model "${id}" was ${origin === "given" ? "named" : "found in a folder"} by whoever ` +
            "started the server; only models that requests added can be deleted",
          { model: id, found: origin, expected: "added" },
        );
      }
      engine.remove(id);
      if (uploaded) uploads!.remove(path);
      return new Response(null, { status: 204, headers: cors });
    });

  function created(model: Model): Response {
    const body = describeBriefly(model, base);
    return new Response(JSON.stringify(body), {
      status: 201,
      headers: [...cors, ["Content-Type", "application/json"], ["Location", body.url]],
    });
  }

  function receive(request: Request, uploads: Uploads, type: string, query: URLSearchParams) {
    const length = Number(request.headers.get("Content-Length") ?? 0);
    uploads.checkLength(length - (type === FORM ? MAX_FRAME : 0));
    const files = incoming(request, uploads, type, query);
    return uploads.receive(files, (path) => engine.add(path, request.signal), request.signal);
  }
}

function uploadsOf(uploads: Uploads | undefined): Uploads {
  if (uploads) return uploads;
  throw new Forbidden("this server takes no uploads: it was started without --uploads FOLDER");
}

/** The URL that a JSON body names. */
async function urlIn(request: Request): Promise<string> {
  const wrong = (found: string, cause?: unknown) =>
    new BadRequest(`the body is ${found}, expected {"url": "https://…"}`, { found }, cause);
  const text = await textOf(request, wrong);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw wrong("not JSON", cause);
  }
  const url = isObject(body) ? body["url"] : undefined;
  if (typeof url !== "string") throw wrong("JSON without a url");
  if (url.length > MAX_URL) throw wrong(`JSON with a url of more than ${MAX_URL} characters`);
  if (!/^(https?|s3|hf):\/\//i.test(url)) throw wrong("JSON whose url is no https or s3 one");
  return url;
}

async function textOf(request: Request, wrong: (found: string) => Error): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of request.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_JSON) throw wrong(`more than ${MAX_JSON} characters`);
  }
  return text;
}

function incoming(
  request: Request,
  uploads: Uploads,
  type: string,
  query: URLSearchParams,
): AsyncIterable<Incoming> {
  if (type === FORM) return formFiles(request, uploads);
  const name = query.get("name");
  if (name !== null) return oneFile(name, request);
  throw new BadRequest(
    `a body of the type "${type}" needs its file's name: POST /models?name=model.safetensors; ` +
      "several files come as multipart/form-data, a URL as application/json",
    { parameter: "name", found: type },
  );
}

async function* oneFile(name: string, request: Request): AsyncGenerator<Incoming> {
  yield { name, bytes: request.body ?? new Blob().stream() };
}

/** The files of a form, each to be read to its end before the next one comes. */
async function* formFiles(request: Request, uploads: Uploads): AsyncGenerator<Incoming> {
  const form = parser(request);
  const body = Readable.fromWeb(limited(request, uploads) as NodeStream<Uint8Array>);
  const files: BusboyFileStream[] = [];
  const waiting: Incoming[] = [];
  const state = { ended: false, failure: undefined as unknown, wake: () => {} };
  const end = (failure?: unknown) => {
    state.failure ??= failure;
    state.ended = true;
    // A file cut short would otherwise be waited for.
    if (failure instanceof Error) files.forEach((file) => file.destroy(failure));
    state.wake();
  };
  form.on("file", (_field: string, stream: BusboyFileStream, name: string) => {
    files.push(stream);
    waiting.push({ name, bytes: bytesOf(stream) });
    state.wake();
  });
  form.on("finish", () => end()).on("error", end);
  body.on("error", end).pipe(form);
  try {
    while (!state.ended || waiting.length > 0) {
      const next = waiting.shift();
      if (next) yield next;
      else await new Promise<void>((resolve) => state.wake = resolve);
    }
  } finally {
    body.unpipe(form);
    body.destroy();
  }
  if (state.failure) throw broken(state.failure);
}

/** The body, as long as an upload may be: what lies between its files is held to that too. */
function limited(request: Request, uploads: Uploads): ReadableStream<Uint8Array<ArrayBuffer>> {
  let total = -MAX_FRAME;
  const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      uploads.checkLength(total += chunk.length);
      controller.enqueue(chunk);
    },
  });
  return (request.body ?? new Blob().stream()).pipeThrough(count);
}

async function* bytesOf(stream: BusboyFileStream): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw broken(error);
  }
}

function parser(request: Request): InstanceType<typeof Busboy> {
  try {
    const type = request.headers.get("Content-Type") ?? "";
    return new Busboy({
      headers: { "content-type": type },
      limits: { fields: 16, fieldSize: 4096 },
    });
  } catch (cause) {
    throw broken(cause);
  }
}

function broken(cause: unknown): unknown {
  if (cause instanceof SynaptileError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BadRequest(`the form cannot be read: ${reason}`, { found: reason }, cause);
}
