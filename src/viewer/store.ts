import { formatState, parseState, type State } from "./state.ts";

/** "push" makes a step that Back undoes; "replace" does not. */
export type Step = "push" | "replace";
type Listener = (state: State, before: State) => void;

/** The page's state: read from the URL, written to it, and told to whoever listens. */
export class Store {
  #state = parseState(location);
  #listeners: Listener[] = [];
  #written = 0;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    addEventListener("popstate", () => {
      clearTimeout(this.#later);
      this.#change(parseState(location));
    });
  }

  get state(): State {
    return this.#state;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Changes some of the state. */
  set(change: Partial<State>, step: Step = "push"): void {
    const next = { ...this.#state, ...change };
    const url = formatState(next);
    if (url === formatState(this.#state)) return;
    clearTimeout(this.#later);
    if (step === "push") {
      // A move still unwritten belongs to the entry that is about to be left.
      history.replaceState(null, "", formatState(this.#state));
      history.pushState(null, "", url);
    } else this.#replace();
    this.#change(next);
  }

  // Browsers refuse more than about a hundred history writes in half a minute.
  #replace(): void {
    const wait = Math.max(0, this.#written + 400 - performance.now());
    this.#later = setTimeout(() => {
      this.#written = performance.now();
      history.replaceState(null, "", formatState(this.#state));
    }, wait);
  }

  #change(next: State): void {
    const before = this.#state;
    this.#state = next;
    for (const listener of this.#listeners) listener(next, before);
  }
}
