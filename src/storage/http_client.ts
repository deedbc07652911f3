import { Agent as PlainAgent, type IncomingMessage, request as plain } from "node:http";
import { Agent as SecureAgent, request as secure } from "node:https";
import { SynaptileError, Unreadable } from "../errors.ts";
import { checkUrl, guardedLookup, type RemotePolicy, type Resolve } from "./policy.ts";
import { Transient } from "./retry.ts";

/** Makes the headers of a request: what proves who asks, or nothing more than `headers`. */
export type Authorize = (
  url: URL,
  headers: Readonly<Record<string, string>>,
) => Promise<Record<string, string>>;

export interface ClientOptions {
  readonly policy: RemotePolicy;
  /** How names become addresses; the system's way unless given. */
  readonly resolve?: Resolve;
  /** Connections to a host at once. */
  readonly connections?: number;
  /** Milliseconds until a server begins to answer, and between two pieces of an answer. */
  readonly timeout?: number;
}

/** An answer whose body has not been read. */
export interface Reply {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What answered, after redirects. */
  readonly url: URL;
  /** The body. Throws `Transient` where it breaks off or stands still. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection: nobody wants the body. */
  discard(): void;
}

const REDIRECTS = 5;
const CONNECTIONS = 64;
const TIMEOUT = 15_000;
/** Timeouts that a whole answer may take, however steadily it comes. */
const DRIPPING = 20;

/**
 * GET over HTTP(S) under a policy: every host and every address is checked, those of redirects too,
 * which are followed here. Node's client, since it connects where its resolver says: to the address
 * that was checked.
 */
export class HttpClient {
  readonly #policy: RemotePolicy;
  readonly #plain: PlainAgent;
  readonly #secure: SecureAgent;
  readonly #timeout: number;

  constructor({ policy, resolve, connections = CONNECTIONS, timeout = TIMEOUT }: ClientOptions) {
    this.#policy = policy;
    this.#timeout = timeout;
    const settings = {
      keepAlive: true,
      maxSockets: connections,
      lookup: guardedLookup(policy, resolve),
    };
    this.#plain = new PlainAgent(settings);
    this.#secure = new SecureAgent(settings);
  }

  /**
   * The answer, whatever its status, after at most five redirects. `authorize` is asked for the
   * headers of the first host alone. Throws `Forbidden` for what the policy does not allow,
   * `Transient` where there is no answer, `Unreadable` for more redirects.
   */
  async get(
    from: URL,
    headers: Readonly<Record<string, string>>,
    authorize?: Authorize,
    signal?: AbortSignal,
  ): Promise<Reply> {
    let url = from;
    for (let step = 0; step <= REDIRECTS; step++) {
      checkUrl(url, this.#policy);
      const known = authorize && url.origin === from.origin;
      const reply = await this.#ask(url, known ? await authorize(url, headers) : headers, signal);
      const { location } = reply.headers;
      const redirects = [301, 302, 303, 307, 308].includes(reply.status);
      const next = redirects && location !== undefined ? URL.parse(location, url) : null;
      if (!next) return reply;
      reply.discard();
      url = next;
    }
    throw new Unreadable(`${shown(from)} redirects more than ${REDIRECTS} times`, {
      url: shown(from),
      expected: `at most ${REDIRECTS} redirects`,
    });
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #ask(url: URL, headers: Record<string, string>, signal?: AbortSignal): Promise<Reply> {
    signal?.throwIfAborted();
    const [request, agent] = url.protocol === "https:"
      ? [secure, this.#secure]
      : [plain, this.#plain];
    return new Promise((resolve, reject) => {
      const asked = request(url, { agent, headers: { ...headers, "accept-encoding": "identity" } });
      const end = (why?: Error) => {
        // Or else Deno would send the request again over another connection.
        asked.reusedSocket = false;
        asked.destroy(why);
      };
      const cancel = () => {
        end();
        reject(signal!.reason);
      };
      const fail = (error: unknown) => {
        done();
        reject(signal?.aborted ? signal.reason : broken(url, error));
      };
      let timer: ReturnType<typeof setTimeout> | undefined;
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
      };
      signal?.addEventListener("abort", cancel, { once: true });
      // Not before there is a connection: until then the request waits for others to end.
      asked.on("socket", () => {
        timer = setTimeout(
          () => end(new Error(`no answer within ${this.#timeout} ms`)),
          this.#timeout,
        );
      });
      asked.on("error", fail);
      asked.on("response", (message: IncomingMessage) => {
        clearTimeout(timer);
        message.on("close", done);
        resolve({
          status: message.statusCode ?? 0,
          headers: message.headers as Record<string, string | undefined>,
          url,
          body: this.#body(url, message, signal),
          discard: () => message.destroy(),
        });
      });
      asked.end();
    });
  }

  async *#body(url: URL, message: IncomingMessage, signal?: AbortSignal) {
    const patience = () =>
      setTimeout(
        () => message.destroy(new Error(`nothing came for ${this.#timeout} ms`)),
        this.#timeout,
      );
    let timer = patience();
    const latest = performance.now() + DRIPPING * this.#timeout;
    try {
      for await (const piece of message) {
        clearTimeout(timer);
        if (performance.now() > latest) {
          throw new Error(`the answer was not complete after ${DRIPPING * this.#timeout} ms`);
        }
        yield piece as Uint8Array;
        timer = patience();
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw broken(url, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A URL as messages may show it: queries hold signatures and keys. */
export const shown = (url: URL): string => `${url.origin}${url.pathname}`;

/** What went wrong on the way: it may go right the next time, unless the policy said no. */
function broken(url: URL, error: unknown): unknown {
  if (error instanceof SynaptileError || error instanceof Transient) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const details = { url: shown(url) };
  return new Transient(
    new Unreadable(`${shown(url)} cannot be reached: ${reason}`, details, error),
  );
}
