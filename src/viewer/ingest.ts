import type { IngestState } from "../tile/ingest.ts";
import { ask } from "./access.ts";
import { problem } from "./api.ts";
import { byId, fill, h, set } from "./dom.ts";
import { follow } from "./events.ts";
import { icon } from "./icons.ts";
import * as numbers from "./numbers.ts";
import { Rate } from "./rate.ts";
import type { Scene, Widget } from "./scene.ts";

/** Milliseconds in which a server tells of an ingest, if there is one. */
const SILENCE = 3000;
/** Milliseconds for which the end of it is told. */
const FAREWELL = 2500;

export interface IngestEvents {
  /** Pictures of a tensor are exact from now on. */
  read(tensor: string): void;
  /** How far the server is is known. */
  known(): void;
  /** All that can be read has been. */
  done(): void;
}

/** How far the server has read the model: a quiet bar, a sentence, and a way to let it rest. */
export class IngestPanel implements Widget {
  readonly #root = byId("ingest");
  readonly #words = h("p", { class: "note", title: "Parameters, and how many a second" });
  readonly #bar = h("i");
  readonly #failures = h("p", { class: "failure", role: "status" });
  readonly #button = h("button", { type: "button", class: "quiet", onclick: () => this.#toggle() });
  #followed = "";
  #stop = new AbortController();
  #state: IngestState | null = null;
  #rate = new Rate();
  #refused = false;

  constructor(
    private readonly events: IngestEvents,
    private readonly say: (sentence: string) => void,
  ) {
    fill(
      this.#root,
      h("div", { class: "line" }, this.#words, this.#button),
      h("div", { class: "bar", role: "progressbar", "aria-label": "Reading the model" }, this.#bar),
      this.#failures,
    );
    // A stream takes one of the few connections that a browser opens to a server.
    document.addEventListener("visibilitychange", () => {
      const model = this.#followed.split("\n")[0]!;
      if (document.hidden) this.#stop.abort();
      else if (this.isUnderWay) this.#follow(model);
    });
  }

  update({ subject: { model, version } }: Scene): void {
    const key = `${model}\n${version}`;
    if (key === this.#followed) return;
    this.#followed = key;
    this.#state = null;
    this.#refused = false;
    this.#show();
    this.#follow(model);
  }

  /** Whether more of the model will be known. */
  get isUnderWay(): boolean {
    return this.#state !== null && !["done", "failed"].includes(this.#state.state);
  }

  get isDone(): boolean {
    return this.#state?.state === "done";
  }

  #follow(model: string): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#rate = new Rate();
    // No word: the server reads this model only as far as it is looked at.
    const quiet = setTimeout(() => this.#state ?? this.#stop.abort(), SILENCE);
    this.#listen(model, signal).catch((error) => {
      if (!signal.aborted) this.say(error instanceof Error ? error.message : String(error));
    }).finally(() => clearTimeout(quiet));
  }

  async #listen(model: string, signal: AbortSignal): Promise<void> {
    for await (
      const { kind, data } of follow(`events?model=${encodeURIComponent(model)}`, signal)
    ) {
      if (signal.aborted) return;
      if (kind === "layer") this.events.read((JSON.parse(data) as { tensor: string }).tensor);
      if (kind === "ingest") this.#hear(JSON.parse(data) as IngestState);
      if (this.#state && !this.isUnderWay) return this.#stop.abort();
    }
  }

  #hear(state: IngestState): void {
    const before = this.#state;
    this.#state = state;
    if (state.state === "running") this.#rate.note(state.done, performance.now());
    else this.#rate = new Rate();
    this.#show();
    if (!before) this.events.known();
    else if (!this.isUnderWay) {
      this.events.done();
      if (state.failures.length > 0 || state.state === "failed") return;
      this.#root.hidden = this.#words.hidden = false;
      this.#words.textContent = "All of the model is read: every picture is exact.";
      setTimeout(() => this.#state === state && this.#show(), FAREWELL);
    }
  }

  #show(): void {
    const state = this.#state;
    const failed = state && (state.failures.length > 0 || state.state === "failed");
    this.#root.hidden = !state || (!this.isUnderWay && !failed);
    if (!state) return;
    const share = state.total > 0 ? state.done / state.total : 1;
    const percent = Math.floor(100 * share);
    this.#bar.style.width = `${100 * share}%`;
    set(this.#bar.parentElement!, "aria-valuenow", percent);
    set(this.#bar.parentElement!, "hidden", !this.isUnderWay);
    this.#words.hidden = !this.isUnderWay;
    this.#words.textContent = this.#sentence(state, percent);
    this.#failures.hidden = !failed;
    this.#failures.textContent = failed ? failures(state) : "";
    const paused = state.state === "paused";
    const text = paused ? "Go on reading" : "Let it rest";
    this.#button.hidden = this.#refused || !this.isUnderWay || state.state === "waiting";
    if (this.#button.title !== text) {
      fill(this.#button, icon(paused ? "play" : "pause"));
      this.#button.title = text;
      this.#button.ariaLabel = text;
    }
  }

  #sentence({ state }: IngestState, percent: number): string {
    if (state === "paused") return `Reading the model: paused at ${percent} %`;
    if (state === "waiting") return "The model is read once another one is";
    const rate = this.#rate.perSecond;
    const speed = rate === null ? "" : ` · ${numbers.count(rate)}/s`;
    return `Reading the model: ${percent} %${speed}`;
  }

  async #toggle(): Promise<void> {
    if (!this.#state) return;
    const { model } = this.#state;
    const state = this.#state.state === "paused" ? "running" : "paused";
    try {
      const response = await ask(`models/${encodeURIComponent(model)}/_/ingest`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ state }),
      });
      if (!response.ok) {
        // Who may not do it is not offered it again.
        this.#refused = [401, 403].includes(response.status);
        throw await problem(response);
      }
      this.#hear(await response.json());
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
      this.#show();
    }
  }
}

/** What could not be read, in a sentence. */
function failures({ state, detail, failures }: IngestState): string {
  const [first] = failures;
  const stopped = state === "failed" ? [`The model is not read any further: ${detail ?? "?"}`] : [];
  const others = failures.length > 1 ? ` and ${failures.length - 1} more` : "";
  const unread = first ? [`${first.tensor}${others} cannot be read: ${first.detail}`] : [];
  return [...stopped, ...unread].join(" ");
}
