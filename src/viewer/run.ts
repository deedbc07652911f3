import { ask } from "./access.ts";
import * as api from "./api.ts";
import { byId, fill, h, set } from "./dom.ts";
import { icon } from "./icons.ts";
import { isInput, isPicture, RunField } from "./run_fields.ts";
import { isWhole, type Scene, type Widget } from "./scene.ts";

/** What a network computed: where it is looked at. */
export interface RunLook {
  readonly model: string;
  readonly layer: string | null;
  readonly mode: string | null;
}

/** Runs the network that is shown on files of a person's, and shows what it computed. */
export class RunDialog implements Widget {
  readonly #dialog = byId("run") as HTMLDialogElement;
  readonly #open = byId("open-run");
  readonly #fields = h("fieldset", { class: "run-inputs" });
  readonly #scale = h("input", { type: "number", step: "any", value: 1, required: true });
  readonly #shift = h("input", { type: "number", step: "any", value: 0, required: true });
  readonly #scaling = h(
    "div",
    { class: "run-scaling", role: "group", "aria-label": "Values of pictures" },
    h("span", { class: "note" }, "Pictures are 0 to 1,"),
    h("label", {}, "times ", this.#scale),
    h("label", {}, "plus ", this.#shift),
  );
  readonly #status = h("p", { class: "note", role: "status" });
  readonly #bar = h("progress", { "aria-label": "Running the network", hidden: true });
  readonly #failure = h("p", { class: "failure", role: "alert" });
  readonly #submit = h("button", { type: "submit", class: "wide" }, icon("play"), "Run");
  readonly #stop = h("button", { type: "button", class: "wide", hidden: true }, "Stop");
  readonly #title = h("h2", { id: "run-title" });
  #inputs: RunField[] = [];
  #scene: Scene | null = null;
  #running: AbortController | null = null;

  constructor(private readonly ran: (look: RunLook) => void) {
    const form = h(
      "form",
      { novalidate: true },
      h(
        "header",
        {},
        this.#title,
        h("button", {
          ...{ type: "button", class: "quiet", "aria-label": "Close" },
          onclick: () => this.#dialog.close(),
        }, icon("close")),
      ),
      this.#fields,
      this.#scaling,
      this.#failure,
      h("div", { class: "run-state" }, this.#status, this.#bar),
      this.#submit,
      this.#stop,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (form.reportValidity()) void this.#run();
    });
    fill(this.#dialog, form);
    this.#stop.addEventListener("click", () => this.#running?.abort());
    this.#dialog.addEventListener("close", () => this.#running?.abort());
    this.#open.addEventListener("click", () => this.open());
  }

  update(scene: Scene): void {
    this.#scene = scene;
    this.#open.hidden = !scene.model.run;
  }

  /** What is dropped is for this network, unless it is a model. */
  get wants(): string | null {
    const { run } = this.#scene?.model ?? {};
    return run && (run.inputs.length === 1 || this.#dialog.open) ? run.model : null;
  }

  open(): void {
    const run = this.#scene?.model.run;
    if (!run || this.#dialog.open) return;
    fill(this.#title, `Run ${run.model}`);
    this.#inputs = run.inputs.map((input, i) => new RunField(input, i, () => this.#changed()));
    fill(this.#fields, ...this.#inputs.map(({ element }) => element));
    this.#changed();
    this.#dialog.showModal();
  }

  /** Takes files that are dropped: on a field, or, where the network has one, anywhere. */
  drop(files: readonly File[], target: EventTarget | null): boolean {
    const inputs = this.#scene?.model.run?.inputs ?? [];
    const [file] = files;
    if (this.#dialog.open) {
      const field = this.#inputs.find(({ element }) => element.contains(target as Node)) ??
        this.#inputs.find(({ file }) => file === null) ?? this.#inputs[0];
      if (file && !this.#running) field?.put(file);
      return true;
    }
    if (!file || files.length > 1 || inputs.length !== 1 || !isInput(file)) return false;
    this.open();
    this.#inputs[0]!.put(file);
    void this.#run();
    return true;
  }

  #changed(): void {
    fill(this.#failure);
    fill(this.#status);
    this.#scaling.hidden = !this.#inputs.some(({ file }) => file && isPicture(file));
    this.#show(false);
  }

  async #run(): Promise<void> {
    const scene = this.#scene, run = scene?.model.run;
    if (!scene || !run || this.#running) return;
    const running = this.#running = new AbortController();
    this.#changed();
    this.#show(true);
    const began = performance.now();
    const tick = setInterval(() => {
      this.#bar.title = `${Math.round((performance.now() - began) / 1000)} s`;
    }, 1000);
    fill(this.#status, `Running ${run.model}…`);
    try {
      const model = await this.#ask(run.model, running.signal);
      const look = await lookOf(scene, model, running.signal);
      this.#running = null;
      this.#dialog.close();
      this.ran(look);
    } catch (error) {
      const stopped = running.signal.aborted;
      fill(this.#status, stopped ? "Stopped." : "");
      if (!stopped) fill(this.#failure, error instanceof Error ? error.message : String(error));
    } finally {
      clearInterval(tick);
      this.#running = null;
      this.#show(false);
    }
  }

  /** The id of the model that holds what was computed. */
  async #ask(network: string, signal: AbortSignal): Promise<string> {
    const form = new FormData();
    for (const { input, file } of this.#inputs) if (file) form.append(input.name, file, file.name);
    const scaling = new URLSearchParams({ scale: this.#scale.value, shift: this.#shift.value });
    const query = this.#scaling.hidden ? "" : `?${scaling}`;
    const path = `models/${encodeURIComponent(network)}/forward${query}`;
    const response = await ask(path, { method: "POST", body: form, signal });
    if (!response.ok) throw await api.problem(response);
    return (await response.json()).model;
  }

  #show(running: boolean): void {
    set(this.#fields, "disabled", running);
    // What is not shown must not keep the form from being sent.
    for (const input of [this.#scale, this.#shift]) {
      set(input, "disabled", running || this.#scaling.hidden);
    }
    const held = document.activeElement;
    this.#bar.hidden = this.#stop.hidden = !running;
    this.#submit.hidden = running;
    if (running) this.#stop.focus();
    else if (held === this.#stop) this.#submit.focus();
  }
}

/** The layer that is shown, or the first one that can be looked at in another way than before. */
async function lookOf(scene: Scene, live: string, signal: AbortSignal): Promise<RunLook> {
  const { model, subject } = scene;
  const { layers } = await api.model(live, undefined, signal);
  const own = layers.find(({ name }) => name === subject.layer);
  if (model.id === live) {
    const isThere = own || isWhole(scene);
    return {
      model: live,
      layer: isThere ? subject.layer : null,
      mode: isThere ? subject.mode : null,
    };
  }
  const before = new Map(model.layers.map(({ name, modes }) => [name, modes]));
  const gained = ({ name, modes }: api.LayerEntry) =>
    modes.find((mode) => !before.get(name)?.includes(mode));
  const isNew = (layer: api.LayerEntry) => before.has(layer.name) && gained(layer) !== undefined;
  const layer = own && isNew(own) ? own : layers.find(isNew) ?? layers.find(gained);
  return { model: live, layer: layer?.name ?? null, mode: layer ? gained(layer) ?? null : null };
}
