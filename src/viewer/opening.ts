import { problem } from "./api.ts";
import { ask } from "./access.ts";
import { byId, h, set } from "./dom.ts";
import { icon } from "./icons.ts";

/** What a person does to bring another model. */
export interface Opening {
  /** The id under which the server shows it. */
  opened(id: string): void;
  failed(error: unknown): void;
}

/** What else files are dropped for. */
export interface DropTarget {
  /** The network that files are put into; null for none. */
  readonly wants: string | null;
  /** Whether files are not models but what it takes. */
  drop(files: readonly File[], target: EventTarget | null): boolean;
}

/** Opens models that are dropped on the page, and runs a network on what it takes. */
export function mountDrop(opening: Opening, network: DropTarget): void {
  const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    const { wants } = network;
    set(
      document.body,
      "data-dropping",
      wants === null
        ? "Drop model files to open them"
        : `Drop an input of ${wants} to run it, or model files to open them`,
    );
  });
  const done = () => set(document.body, "data-dropping", null);
  addEventListener("dragleave", (event) => event.relatedTarget === null && done());
  addEventListener("drop", (event) => {
    done();
    if (!carries(event)) return;
    event.preventDefault();
    const files = [...event.dataTransfer?.files ?? []];
    if (!network.drop(files, event.target)) void bring(() => upload(files), opening);
  });
}

/** The entries under the list of models: a file, an address. */
export function openingForms(opening: Opening): HTMLElement[] {
  const files = h("input", { type: "file", multiple: true, hidden: true });
  files.addEventListener("change", () => void bring(() => upload([...files.files ?? []]), opening));
  const url = h("input", {
    type: "url",
    required: true,
    placeholder: "https://… or s3://…",
    "aria-label": "Address of a model",
    pattern: "(https?|s3|hf)://.+",
    spellcheck: "false",
  });
  const form = h("form", { class: "field" }, url);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void bring(() => open(url.value), opening);
  });
  const choose = h(
    "button",
    { type: "button", onclick: () => files.click() },
    h("b", {}, icon("plus"), "Open files…"),
    h("span", { class: "note" }, "or drop them on the page"),
  );
  return [choose, files, form];
}

async function bring(work: () => Promise<Response>, opening: Opening): Promise<void> {
  byId("models").hidePopover();
  set(byId("progress"), "class", "busy");
  try {
    const response = await work();
    if (!response.ok) throw await problem(response);
    opening.opened((await response.json()).id);
  } catch (error) {
    opening.failed(error);
  } finally {
    set(byId("progress"), "class", null);
  }
}

function upload(files: readonly File[]): Promise<Response> {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name);
  return ask("models", { method: "POST", body: form });
}

function open(url: string): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return ask("models", { method: "POST", body: JSON.stringify({ url: url.trim() }), headers });
}
