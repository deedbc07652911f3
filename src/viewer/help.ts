import { byId, fill, h } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Command } from "./keyboard.ts";

/** The table of keys. */
export function mountHelp(commands: readonly Command[]): () => void {
  const dialog = byId("help") as HTMLDialogElement;
  const rows = commands.filter(({ shown }) => shown).map(({ shown, about }) =>
    h(
      "tr",
      {},
      h("td", {}, ...shown!.split(" ").map((key) => h("kbd", {}, key))),
      h("td", {}, about ?? ""),
    )
  );
  fill(
    dialog,
    h(
      "header",
      {},
      h("h2", {}, "Keys"),
      h("button", {
        type: "button",
        class: "quiet",
        "aria-label": "Close",
        onclick: () => dialog.close(),
      }, icon("close")),
    ),
    h("table", {}, h("tbody", {}, ...rows)),
    h(
      "p",
      { class: "about" },
      "Drag to move, scroll or pinch to zoom, click a cell to read it. Everything you set is in the address.",
    ),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return () => dialog.open ? dialog.close() : dialog.showModal();
}
