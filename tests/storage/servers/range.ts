import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An object that is served: its bytes are made when they are asked for. */
export interface Served {
  readonly size: number;
  readonly etag?: string;
  readonly modified?: string;
  bytes(offset: number, length: number): Uint8Array;
}

/** Bytes in memory. */
export const served = (bytes: Uint8Array, etag = '"one"'): Served => ({
  size: bytes.length,
  etag,
  bytes: (offset, length) => bytes.subarray(offset, offset + length),
});

/** What was asked, and how many bytes of a body went out. */
export interface Asked {
  readonly path: string;
  readonly query: string;
  readonly range: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  sent: number;
  /** Whether the client went away before the end. */
  cut: boolean;
}

/**
 * Answers otherwise than it should: returns true where it has answered. `respond` answers as usual,
 * with other headers where given; `turn` counts requests from 1 on.
 */
export type Fault = (
  asked: Asked,
  response: ServerResponse,
  respond: (headers?: Record<string, string>) => void,
  turn: number,
) => boolean;

export interface RangeServer extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  readonly asked: Asked[];
  readonly objects: Map<string, Served>;
  fault: Fault | undefined;
  /** Milliseconds before each answer. */
  latency: number;
  /** Bytes of all bodies so far. */
  readonly sent: number;
  /** Forgets what was asked. */
  reset(): void;
}

/** A server of ranges on a free port of this machine. */
export async function rangeServer(
  objects: Readonly<Record<string, Served>>,
  latency = 0,
): Promise<RangeServer> {
  const map = new Map(Object.entries(objects));
  let log: Asked[] = [];
  let turn = 0;
  const server = createServer((request, response) => {
    const { pathname: path, search: query } = new URL(request.url!, "http://server");
    const { range } = request.headers;
    const asked = { path, query, range, headers: request.headers, sent: 0, cut: false };
    log.push(asked);
    turn++;
    response.on("close", () => asked.cut = !response.writableFinished);
    const respond = (headers?: Record<string, string>) =>
      answer(map.get(decodeURIComponent(path)), request, response, asked, headers);
    const work = () => running.fault?.(asked, response, respond, turn) || respond();
    if (running.latency > 0) setTimeout(work, running.latency);
    else work();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const running: RangeServer = {
    origin: `http://127.0.0.1:${port}`,
    port,
    objects: map,
    fault: undefined,
    latency,
    get asked() {
      return log;
    },
    get sent() {
      return log.reduce((sum, { sent }) => sum + sent, 0);
    },
    reset() {
      log = [];
      turn = 0;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return running;
}

function answer(
  object: Served | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  asked: Asked,
  more: Record<string, string> = {},
): void {
  if (!object) return void response.writeHead(404).end();
  const validators = {
    ...(object.etag ? { etag: object.etag } : {}),
    ...(object.modified ? { "last-modified": object.modified } : {}),
  };
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(asked.range ?? "") ?? [];
  const first = Number(from ?? 0), end = Math.min(object.size, Number(to ?? object.size - 1) + 1);
  if (from !== undefined && first >= object.size) {
    return void response.writeHead(416, {
      ...validators,
      "content-range": `bytes */${object.size}`,
    })
      .end();
  }
  const body = object.bytes(first, end - first);
  asked.sent = body.length;
  response.writeHead(from === undefined ? 200 : 206, {
    ...validators,
    "content-length": String(body.length),
    ...(from === undefined ? {} : { "content-range": `bytes ${first}-${end - 1}/${object.size}` }),
    ...more,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** A safetensors file that exists only as its header: every other byte is made from its place. */
export function sparse(header: Uint8Array, size: number, byte: (at: number) => number): Served {
  return {
    size,
    etag: '"sparse"',
    bytes(offset, length) {
      const out = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        const at = offset + i;
        out[i] = at < header.length ? header[at]! : byte(at);
      }
      return out;
    },
  };
}
