import { h } from "./dom.ts";
import { patiently } from "./patience.ts";

const KEY = "synaptile-token";
let asking: Promise<boolean> | null = null;

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
    if (!isNew && !await (asking ??= askPerson(token).finally(() => asking = null))) {
      return response;
    }
    await response.body?.cancel();
  }
}

/** Resolves with whether a token was given. */
function askPerson(before: string | null): Promise<boolean> {
  const field = h("input", {
    type: "password",
    required: true,
    autocomplete: "off",
    "aria-label": "Token",
    spellcheck: "false",
  });
  const said = before ? "That token is not for this, or unknown." : "This server wants a token.";
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", {}, "Token"),
    h("p", { class: "hint" }, said),
    h("label", { class: "field" }, field),
    h("button", { type: "submit", class: "wide" }, "Go on"),
  );
  const dialog = h("dialog", { class: "panel", "aria-label": "Token" }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    form.addEventListener("submit", () => sessionStorage.setItem(KEY, field.value.trim()));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(sessionStorage.getItem(KEY) !== before);
    });
  });
}
