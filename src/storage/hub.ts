import { BadRequest } from "../errors.ts";
import type { Place } from "./http.ts";

/** A model hub that lays its files out as Hugging Face's does. */
export interface HubSettings {
  readonly endpoint: string;
  /** Sent to the hub itself, never to the stores that it redirects to. */
  readonly token?: string;
}

/** Settings from HF_ENDPOINT and HF_TOKEN. */
export function hubSettings(env: (name: string) => string | undefined): HubSettings {
  const token = env("HF_TOKEN");
  const endpoint = env("HF_ENDPOINT")?.replace(/\/$/, "") ?? "https://huggingface.co";
  return { endpoint, ...(token ? { token } : {}) };
}

/**
 * Where "hf://org/name[@revision][/path]" is: a file, or a folder, which ends in a slash.
 * Throws `BadRequest` for what does not name a repository.
 */
export function hubPlace(url: string, { endpoint, token }: HubSettings): Place {
  const [, org, repository, revision = "main", path = ""] =
    /^hf:\/\/([\w.-]+)\/([\w.-]+)(?:@([\w.-]+))?(?:\/([^?#]*))?$/.exec(url) ?? [];
  const folder = `${endpoint}/${org}/${repository}/resolve/${revision}/`;
  const whole = URL.parse(folder + path);
  // Dots in any spelling lead elsewhere, with the token.
  if (!org || !repository || !whole?.href.startsWith(folder) || /[\\\s]/.test(path)) {
    throw new BadRequest(`${url} does not name a repository: hf://org/name[@revision][/path]`, {
      found: url,
      expected: "hf://org/name[@revision][/path]",
    });
  }
  const place = { url: whole, name: url };
  if (token === undefined) return place;
  const bearer = { authorization: `Bearer ${token}` };
  return { ...place, authorize: (_url, headers) => Promise.resolve({ ...headers, ...bearer }) };
}
