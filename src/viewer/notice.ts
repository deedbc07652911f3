import { Problem } from "./api.ts";
import { byId, fill, h } from "./dom.ts";
import { icon } from "./icons.ts";

/** Sentences in place: what went wrong with what to do, and what was done. */
export class Notice {
  readonly #root = byId("notice");
  readonly #said = byId("said");
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Stays until `clear`; `act` is what a person can do about it. */
  fail(error: unknown, act: { label: string; run: () => void } | null): void {
    const text = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Problem) && !(error instanceof Error && error.name === "Empty")) {
      console.error(error);
    }
    this.#root.hidden = false;
    fill(
      this.#root,
      h("p", {}, text),
      act ? h("button", { type: "button", onclick: act.run }, act.label) : null,
      h("button", {
        type: "button",
        class: "quiet",
        "aria-label": "Dismiss",
        onclick: () => this.clear(),
      }, icon("close")),
    );
  }

  clear(): void {
    this.#root.hidden = true;
  }

  /** Goes by itself. */
  say(sentence: string): void {
    clearTimeout(this.#timer);
    this.#said.textContent = sentence;
    this.#said.classList.add("shown");
    this.#timer = setTimeout(() => this.#said.classList.remove("shown"), 2200);
  }
}
