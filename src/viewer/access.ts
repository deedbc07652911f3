import { patiently } from "./patience.ts";

const KEY = "synaptile-token";

/** Asks a person for a token; `wrong` is whether there was one already. Null where none is given. */
export type AskPerson = (wrong: boolean) => Promise<string | null>;

let askPerson: AskPerson = () => Promise.resolve(null);
let asking: Promise<boolean> | null = null;

/** Says who asks for tokens. */
export function mountAccess(person: AskPerson): void {
  askPerson = person;
}

/**
 * `fetch` with the token that this server wants, if it wants one: a person is asked for it once,
 * and it is kept until the tab is closed.
 */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const token = sessionStorage.getItem(KEY);
    const headers = new Headers(init.headers);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    const response = await patiently(() => fetch(url, { ...init, headers }));
    if (!response.headers.has("WWW-Authenticate")) return response;
    // Another request may have brought a token meanwhile.
    const isNew = sessionStorage.getItem(KEY) !== token;
    if (!isNew && !await (asking ??= renew(token).finally(() => asking = null))) return response;
    await response.body?.cancel();
  }
}

async function renew(before: string | null): Promise<boolean> {
  const token = await askPerson(before !== null);
  if (token) sessionStorage.setItem(KEY, token);
  return token !== null && token !== before;
}
