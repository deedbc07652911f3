import type { Parameter } from "./api.ts";
import { defaultText, segments, textOf } from "./controls.ts";
import { byId, fill, h, set, throttle } from "./dom.ts";
import { boundsOf, Film, placeOf, valueAt } from "./film.ts";
import { icon } from "./icons.ts";
import type { Live } from "./live.ts";
import type { PlaneMap } from "./map.ts";
import { changed, dependents, endStep, setOption, setOptions } from "./options.ts";
import { resolve, type Scene, type Widget } from "./scene.ts";
import type { Store } from "./store.ts";
import { loadTile, looksOf, tileAddress } from "./tiles.ts";
import { turnsOf } from "./turning.ts";

/** Parts of a range that a slider has at most. */
const FINE = 1000;

export interface PlaybarEvents {
  /** Resolves once what the state says is on its way to the map. */
  loaded(): Promise<void>;
  /** Nothing runs any more: the picture stays. */
  ended(): void;
  failed(error: unknown): void;
}

/** Play, pause and a slider for what runs through a range, generated from the catalogue. */
export class Playbar implements Widget {
  readonly #root = byId("film");
  readonly #film = new Film({
    prepare: (value, signal) => this.#prepare(value, signal),
    ended: () => this.#ended(),
    failed: (error) => this.events.failed(error),
  });
  #scene: Scene | null = null;
  #parameter: Parameter | null = null;
  #drawn = "";
  readonly #drag = throttle(60, (text: string | null, done: boolean) => this.#set(text, done));

  constructor(
    private readonly store: Store,
    private readonly map: PlaneMap,
    private readonly live: Live,
    private readonly events: PlaybarEvents,
  ) {
    store.listen((state, before) => {
      const { model, layer, mode } = before;
      if (state.model !== model || state.layer !== layer || state.mode !== mode) this.#film.stop();
      else this.#follow();
    });
  }

  update(scene: Scene): void {
    this.#scene = scene;
    const able = scene.mode.parameters.filter(({ plays }) => plays);
    this.#parameter = able.find(({ name }) => name === this.#parameter?.name) ?? able[0] ?? null;
    this.#root.hidden = this.#parameter === null;
    this.#draw(able);
  }

  /** Plays, or pauses. False where nothing runs. */
  toggle(): boolean {
    const parameter = this.#parameter;
    if (!parameter || this.#isIdle) return false;
    if (this.#film.isRunning) this.#film.stop();
    else this.#film.start(parameter, this.#value);
    this.#follow();
    return true;
  }

  get isRunning(): boolean {
    return this.#film.isRunning;
  }

  pause(): void {
    this.#film.stop();
  }

  get #value(): number {
    const { name } = this.#parameter!;
    return Number(this.store.state.options[name] ?? defaultText(this.#parameter!));
  }

  /** What the parameter runs along, where that is chosen. */
  get #along(): Parameter | null {
    const name = this.#parameter?.plays?.along;
    return this.#scene?.mode.parameters.find((parameter) => parameter.name === name) ?? null;
  }

  /** Whether the parameter says nothing as things stand. */
  get #isIdle(): boolean {
    const along = this.#along;
    if (!along) return false;
    const chosen = this.store.state.options[along.name] ?? defaultText(along);
    return chosen === this.#parameter!.plays!.except;
  }

  /** Whether pictures are of a body, which is seen as a whole at once. */
  get #isBody(): boolean {
    return turnsOf(this.#scene!.mode);
  }

  async #prepare(value: number, signal: AbortSignal): Promise<() => unknown> {
    const { name } = this.#parameter!;
    const text = textOf(this.#parameter!, value);
    if (this.#isBody) {
      const picture = await this.live.fetch({ [name]: text }, signal);
      return () => this.live.show({ [name]: text }, picture);
    }
    const options = changed(this.store.state.options, { [name]: text });
    const { subject, legend } = await resolve({ ...this.store.state, options });
    const looks = looksOf(legend, this.store.state.channel);
    await Promise.all(this.map.seen.map(async ({ z, x, y, density }) => {
      const address = tileAddress(subject, looks, z, x, y, density);
      (await loadTile(address, { signal })).picture.close();
    }));
    return async () => {
      this.#set(text, false);
      await this.events.loaded();
      await this.map.arrived();
    };
  }

  #set(text: string | null, done: boolean): void {
    const { name } = this.#parameter!;
    if (this.#isBody) this.live.change({ [name]: text });
    else setOption(this.store, name, text, done);
    if (done) endStep();
  }

  #ended(): void {
    endStep();
    this.#follow();
    if (this.#isBody) this.live.settle();
    else this.events.ended();
  }

  #draw(able: readonly Parameter[]): void {
    const parameter = this.#parameter;
    if (!parameter) return;
    const along = this.#along;
    const { options } = this.store.state;
    const { minimum, maximum } = parameter;
    const key = JSON.stringify([
      ...[this.#scene!.mode.name, parameter.name, minimum, maximum, able.length],
      along && options[along.name],
    ]);
    if (key !== this.#drawn) {
      this.#drawn = key;
      const focused = document.activeElement?.id;
      fill(this.#root, ...this.#parts(parameter, able, along));
      if (focused?.startsWith("film-")) document.getElementById(focused)?.focus();
    }
    this.#follow();
  }

  #parts(parameter: Parameter, able: readonly Parameter[], along: Parameter | null) {
    const { title, type } = parameter;
    const send = (done: boolean) => ({ target }: Event) => {
      this.#film.stop();
      const [first, last] = boundsOf(parameter, this.#value);
      const given = Number((target as HTMLInputElement).value);
      const value = valueAt(parameter, first + given / FINE * (last - first));
      this.#drag(textOf(parameter, type === "integer" ? Math.round(value) : value), done);
    };
    return [
      h("button", {
        ...{ id: "film-play", type: "button", class: "quiet" },
        onclick: () => this.toggle(),
      }),
      able.length > 1 ? this.#choice(able) : h("label", { for: "film-value" }, title),
      h("input", {
        ...{ id: "film-track", type: "range", min: 0, max: FINE, step: "any" },
        "aria-label": title,
        onkeydown: (event: KeyboardEvent) => this.#key(event),
        oninput: send(false),
        onchange: send(true),
      }),
      h("input", {
        ...{ id: "film-value", type: "number", step: "any", "aria-label": title },
        min: parameter.minimum,
        max: parameter.maximum,
        onchange: ({ target }: Event) => {
          this.#film.stop();
          const { value } = target as HTMLInputElement;
          this.#set(value === "" ? null : textOf(parameter, Number(value)), true);
        },
      }),
      h("span", { id: "film-last", class: "note" }),
      along ? this.#choiceAlong(along) : null,
    ];
  }

  /** Which of several parameters is played. */
  #choice(able: readonly Parameter[]): HTMLElement {
    const shown = { title: "What is played", choices: able.map(({ title }) => title) };
    const choose = (title: string | null) => {
      this.#film.stop();
      this.#parameter = able.find((parameter) => parameter.title === title)!;
      this.#draw(able);
    };
    return segments(shown, this.#parameter!.title, choose, "film-choice");
  }

  #choiceAlong(along: Parameter): HTMLElement {
    const chosen = this.store.state.options[along.name] ?? defaultText(along);
    const choose = (text: string | null) => {
      this.#film.stop();
      const { mode, ranges } = this.#scene!;
      const forgotten = dependents(mode, ranges, along.name).map((name) => [name, null]);
      const given = text === defaultText(along) ? null : text;
      setOptions(this.store, { ...Object.fromEntries(forgotten), [along.name]: given });
    };
    const shown = { title: along.title, choices: along.choices ?? [] };
    return segments(shown, chosen, choose, "film-along");
  }

  /** An arrow on the slider is one step. */
  #key(event: KeyboardEvent): void {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const parameter = this.#parameter;
    if (!way || !parameter) return;
    event.preventDefault();
    this.#film.stop();
    const [first, last] = boundsOf(parameter, this.#value);
    const next = placeOf(parameter, this.#value) + way * parameter.plays!.step;
    const place = Number(Math.max(first, Math.min(last, next)).toFixed(6));
    this.#set(textOf(parameter, valueAt(parameter, place)), true);
  }

  /** The value, or whether it runs, has changed. */
  #follow(): void {
    const parameter = this.#parameter;
    const play = document.getElementById("film-play");
    if (!parameter || !play) return;
    const value = this.#value, [first, last] = boundsOf(parameter, value);
    const running = this.#film.isRunning;
    if (play.dataset.running !== String(running)) {
      play.dataset.running = String(running);
      const name = running ? "Pause" : "Play";
      fill(play, icon(running ? "pause" : "play"));
      play.title = `${name} (space)`;
      play.setAttribute("aria-label", `${name}: ${parameter.title}`);
    }
    const track = byId("film-track") as HTMLInputElement;
    const field = byId("film-value") as HTMLInputElement;
    if (!track.matches(":active")) {
      const place = placeOf(parameter, value);
      track.value = String(last > first ? FINE * (place - first) / (last - first) : 0);
    }
    const text = String(Number(value.toFixed(3)));
    set(track, "aria-valuetext", `${text}${parameter.unit ?? ""}`);
    if (document.activeElement !== field || running) field.value = text;
    const ends = parameter.type === "integer"
      ? `of ${valueAt(parameter, last)}`
      : parameter.unit ?? "";
    byId("film-last").textContent = ends;
    for (const id of ["film-play", "film-track", "film-value"]) {
      (byId(id) as HTMLInputElement | HTMLButtonElement).disabled = this.#isIdle;
    }
  }
}
