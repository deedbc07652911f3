import type { ModeEntry } from "./api.ts";
import { control } from "./controls.ts";
import { byId, h, refill, throttle } from "./dom.ts";
import type { Scene, Widget } from "./scene.ts";
import type { State } from "./state.ts";
import type { Store } from "./store.ts";
import { themeOf } from "./theme.ts";

/** Parameters that the legend shows at its ramp. */
const atLegend = ["colormap", "colormap_reverse", "scientific"];

/** The mode's other parameters, generated from the catalogue. */
export class OptionsPanel implements Widget {
  readonly #root = byId("options");
  readonly #button = byId("adjust");
  #drawn = "";

  constructor(private readonly store: Store) {}

  update({ mode, model, models, subject, partners, ranges, idle: saysNothing }: Scene): void {
    const { against, network, rule } = subject.options;
    const idle = [
      ...saysNothing.filter((name) => subject.options[name] === undefined),
      ...(partners.length === 0 && against === undefined ? ["against"] : []),
      ...(against === undefined ? ["compare"] : []),
      // A learned rule without a network is no picture: first the network is chosen.
      ...(network === undefined ? ["rule"] : []),
      ...(rule === "learned" ? [] : ["start", "fire_rate", "seed", "channel"]),
    ];
    const others = models.map(({ id }) => id).filter((id) => id !== model.id);
    const rivals = partners.map(({ id }) => id);
    const isArtistic = subject.options.scientific === "0";
    const shown = mode.parameters.filter(({ name, artistic }) =>
      !atLegend.includes(name) && !idle.includes(name) && (isArtistic || !artistic)
    ).map((parameter) =>
      parameter.type === "model"
        ? { ...parameter, choices: parameter.name === "network" ? others : rivals }
        : parameter.themed
        ? { ...parameter, default: themeOf(this.store.state) }
        : parameter
    );
    const set = shown.filter(({ name }) => this.store.state.options[name] !== undefined).length;
    this.#button.hidden = shown.length === 0;
    this.#button.dataset.count = set > 0 ? String(set) : "";
    const values = shown.map(({ name }) => subject.options[name] ?? null);
    const steps = ranges["against_step"];
    const key = JSON.stringify([mode.name, others, rivals, idle, isArtistic, values, steps]);
    // A control that is being dragged is not replaced under the hand.
    const held = this.#root.contains(document.activeElement) &&
      document.activeElement?.matches("[type=range]:active");
    if (key === this.#drawn || held) return;
    this.#drawn = key;
    refill(
      this.#root,
      h("h2", {}, mode.title),
      h("p", { class: "about" }, mode.about),
      ...shown.map((parameter) =>
        control(
          parameter,
          subject.options[parameter.name],
          parameter.name === "against"
            ? (id) => setOptions(this.store, comparing(id, { model, partners, subject }))
            : this.#setter(parameter.name, dependents(mode, ranges, parameter.name)),
        )
      ),
    );
  }

  #setter(name: string, dependent: readonly string[]) {
    const forgotten = Object.fromEntries(dependent.map((name) => [name, null]));
    return throttle(150, (text: string | null, done: boolean) => {
      setOptions(this.store, { ...forgotten, [name]: text }, done);
    });
  }
}

/**
 * Comparing with a model; a capture with itself at another step than what is shown: its first, or its
 * last where that is the first.
 */
function comparing(
  id: string | null,
  { model, partners, subject }: Pick<Scene, "model" | "partners" | "subject">,
): Changes {
  const { steps = [] } = partners.find((partner) => partner.id === id) ?? {};
  const [first, last] = [String(steps[0]), String(steps.at(-1))];
  const own = id === model.id && steps.length > 1;
  return {
    against: id,
    against_step: own ? (subject.options["step"] ?? last) === first ? last : first : null,
  };
}

/** Turns to pictures that may distort or to those that never do, which takes back what does. */
export function setArtistic(store: Store, { parameters }: ModeEntry, artistic: boolean): void {
  const distorting = parameters.filter((parameter) => parameter.artistic).map(({ name }) => name);
  const { scientific: _, ...options } = store.state.options;
  const others = Object.entries(options).filter(([name]) => !distorting.includes(name));
  store.set(
    { options: artistic ? { ...options, scientific: "0" } : Object.fromEntries(others) },
    "push",
  );
}

/** Names of the parameters whose values mean nothing any more once another one has changed. */
export const dependents = (
  { parameters }: ModeEntry,
  ranges: Scene["ranges"],
  changed: string,
): string[] =>
  parameters.some(({ name, refolds }) => name === changed && refolds)
    ? parameters.map(({ name }) => name).filter((name) => ranges[name])
    : [];

/** Parameters as query text; null stands for the default. */
export type Changes = Readonly<Record<string, string | null>>;

/** Options with some of them changed. */
export function changed(options: State["options"], changes: Changes): State["options"] {
  const all = Object.entries({ ...options, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

let dragged: string | null = null;

/**
 * Sets parameters of the mode. `done` is false while a hand still drags: then only the first change
 * is a step of its own, so that Back undoes the whole drag.
 */
export function setOptions(store: Store, changes: Changes, done = true): void {
  const key = Object.keys(changes).join();
  const step = dragged === key ? "replace" : "push";
  dragged = done ? null : key;
  store.set({ options: changed(store.state.options, changes) }, step);
}

/** Sets one parameter of the mode; null goes back to its default. */
export const setOption = (store: Store, name: string, text: string | null, done = true): void =>
  setOptions(store, { [name]: text }, done);

/** The next change is a step of its own, whatever was dragged before. */
export function endStep(): void {
  dragged = null;
}
