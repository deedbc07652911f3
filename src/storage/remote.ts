import { BadRequest, FormatError, Unreadable } from "../errors.ts";
import { DiskCache } from "./disk_cache.ts";
import { HttpSource, isMissing, nameOf, type Place } from "./http.ts";
import { HttpClient } from "./http_client.ts";
import { hubPlace, type HubSettings, hubSettings } from "./hub.ts";
import { allowing, defaultPolicy, type RemotePolicy, type Resolve } from "./policy.ts";
import { type Patience, patience } from "./retry.ts";
import { RemoteSource } from "./remote_source.ts";
import { s3Place, type S3Settings, s3Settings } from "./s3.ts";
import { isRemote } from "./scheme.ts";
import { MemoryCache } from "./sectors.ts";
import { fingerprint } from "./version.ts";

/** How remote models are reached. */
export interface RemoteOptions {
  readonly policy?: RemotePolicy;
  /** Keeps what was fetched on disk, up to so many bytes; in memory alone where there is none. */
  readonly cache?: { readonly folder: string; readonly bytes: number };
  /** Bytes of memory for what was fetched, where it is not kept on disk: 128 MiB unless given. */
  readonly memory?: number;
  readonly s3?: S3Settings;
  readonly hub?: HubSettings;
  readonly patience?: Patience;
  readonly resolve?: Resolve;
  readonly connections?: number;
  /** Milliseconds to wait for a server, and to believe that an object is unchanged. */
  readonly timeout?: number;
  readonly believed?: number;
  /** Hears what goes wrong without an error, such as a full disk. */
  readonly tell?: (message: string) => void;
}

const MEMORY = 128 << 20;
/** What stands for a repository or a folder, in the order in which it is looked for. */
const ENTRIES = [
  ...["model.safetensors.index.json", "model.safetensors"],
  ...["pytorch_model.bin.index.json", "pytorch_model.bin"],
];

/** Opens objects behind URLs; all share one policy, one set of connections and one cache. */
export class Remote {
  readonly #policy: RemotePolicy;
  readonly #options: RemoteOptions;
  readonly #clients = new Map<string, HttpClient>();
  readonly #memory: MemoryCache;
  readonly #disk: DiskCache | undefined;

  constructor(options: RemoteOptions = {}) {
    const { cache, tell = console.warn } = options;
    this.#options = options;
    this.#policy = options.policy ?? defaultPolicy;
    this.#memory = new MemoryCache(options.memory ?? MEMORY);
    if (!cache) return;
    try {
      this.#disk = new DiskCache(cache.folder, cache.bytes, tell);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell(`remote models are kept in memory alone, ${cache.folder} cannot be used: ${reason}`);
    }
  }

  /**
   * The object at a URL (http, https, s3, hf); of one that ends in a slash, and of a repository,
   * the model inside. `trusted` URLs, such as those of the command line, may be of any host; what
   * they redirect to may not. Throws `Forbidden` for what the policy does not allow, `BadRequest`
   * for a URL that is none, `Unreadable` for what cannot be read.
   */
  async open(url: string, trusted = false, signal?: AbortSignal): Promise<RemoteSource> {
    const place = this.#place(url);
    const policy = trusted ? allowing(this.#policy, place.url.hostname) : this.#policy;
    if (!place.url.pathname.endsWith("/")) return await this.#source(place, policy, signal);
    for (const entry of ENTRIES) {
      try {
        return await this.#source(inside(place, entry), policy, signal);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    const details = { url: nameOf(place), expected: ENTRIES };
    throw new Unreadable(`${nameOf(place)} holds neither ${ENTRIES.join(" nor ")}`, details);
  }

  /**
   * The object at a path relative to another's, in its folder or below. Throws `FormatError` where
   * the path leads elsewhere or nothing is there.
   */
  async beside(
    source: RemoteSource,
    path: string,
    trusted = false,
    signal?: AbortSignal,
  ): Promise<RemoteSource> {
    const refuse = (expected: string, cause?: unknown) =>
      new FormatError(
        `${source.name} names the file ${JSON.stringify(path.slice(0, 80))}, expected ${expected}`,
        { file: source.name, found: path, expected },
        cause,
      );
    const steps = path.split("/");
    const plain = path.isWellFormed() && !/[\\\0]/.test(path);
    if (!plain || steps.some((step) => ["", ".", ".."].includes(step))) {
      throw refuse("a file in its folder");
    }
    const { place } = source;
    const policy = trusted ? allowing(this.#policy, place.url.hostname) : this.#policy;
    try {
      return await this.#source(inside(place, path), policy, signal);
    } catch (error) {
      throw isMissing(error) ? refuse("a file that is there", error) : error;
    }
  }

  /** Ends connections; what is kept on disk stays. */
  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    await this.#disk?.close();
  }

  #place(text: string): Place {
    if (/^hf:/i.test(text)) {
      return hubPlace(text, this.#options.hub ?? hubSettings(environment));
    }
    const url = URL.parse(text);
    if (!url || !isRemote(text)) {
      throw new BadRequest("a model's place is no URL of the kind http, https, s3 or hf", {
        expected: ["http:", "https:", "s3:", "hf:"],
      });
    }
    if (url.protocol === "s3:") return s3Place(url, this.#options.s3 ?? s3Settings(environment));
    return { url };
  }

  async #source(place: Place, policy: RemotePolicy, signal?: AbortSignal): Promise<RemoteSource> {
    const inner = await HttpSource.open(place, {
      client: this.#client(policy),
      patience: this.#options.patience ?? patience,
      ...(this.#options.believed === undefined ? {} : { believed: this.#options.believed }),
    }, signal);
    const memory = this.#memory.object();
    // Without a validator nothing says that what was kept is of the same object still.
    const lasting = inner.validator === "" ? undefined : this.#disk;
    const key = fingerprint(inner.name, inner.version);
    return new RemoteSource(inner, lasting?.object(key, memory) ?? memory);
  }

  /** Connections of hosts that are trusted are not those of others. */
  #client(policy: RemotePolicy): HttpClient {
    const key = JSON.stringify(policy);
    const { resolve, connections, timeout } = this.#options;
    const client = this.#clients.get(key) ?? new HttpClient({
      policy,
      ...(resolve ? { resolve } : {}),
      ...(connections === undefined ? {} : { connections }),
      ...(timeout === undefined ? {} : { timeout }),
    });
    this.#clients.set(key, client);
    return client;
  }
}

/** The place of a file in another's folder; asked for in the same way, with the same query. */
function inside(place: Place, path: string): Place {
  const url = new URL(place.url);
  const last = url.pathname.lastIndexOf("/");
  url.pathname = `${url.pathname.slice(0, last + 1)}${
    path.split("/").map(encodeURIComponent).join("/")
  }`;
  const { name } = place;
  return { ...place, url, ...(name === undefined ? {} : { name: renamed(name, path) }) };
}

/** "s3://bucket/folder/a" → "s3://bucket/folder/b"; "hf://org/name" → "hf://org/name/b". */
function renamed(name: string, path: string): string {
  const steps = name.split("/");
  const keep = name.startsWith("hf:") ? Math.max(4, steps.length - 1) : steps.length - 1;
  return [...steps.slice(0, keep), path].join("/");
}

function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
