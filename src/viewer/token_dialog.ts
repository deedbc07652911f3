import { h } from "./dom.ts";

/** Asks a person for a token; `wrong` is whether the server has refused one. */
export function askForToken(wrong: boolean): Promise<string | null> {
  const field = h("input", {
    type: "password",
    required: true,
    autocomplete: "off",
    "aria-label": "Token",
    spellcheck: "false",
  });
  const said = wrong ? "That token is not for this, or unknown." : "This server wants a token.";
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", {}, "Token"),
    h("p", { class: "hint" }, said),
    h("label", { class: "field" }, field),
    h("button", { type: "submit", class: "wide" }, "Go on"),
  );
  const dialog = h("dialog", { class: "panel", "aria-label": "Token" }, form);
  let given: string | null = null;
  form.addEventListener("submit", () => given = field.value.trim() || null);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
  });
}
