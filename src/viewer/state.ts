/** Everything that a person sets, as it stands in the URL: `?model=&layer=&mode=&…#x,y,zoom`. */
export interface State {
  readonly model: string | null;
  /** A layer's or a tensor's name. */
  readonly layer: string | null;
  readonly mode: string | null;
  /** The mode's parameters that were set, as query text. */
  readonly options: Readonly<Record<string, string>>;
  readonly place: Place | null;
  /** The cell that was clicked, in native cells. */
  readonly pin: Point | null;
  /** The channel of packed values that is shown alone. */
  readonly channel: "R" | "G" | "B" | "A" | null;
  /** Panels that are open; null where the page decides. */
  readonly panels: readonly Panel[] | null;
  /** Nothing but the map. */
  readonly bare: boolean;
  /** Whether names stand on the map of a whole model. */
  readonly labels: boolean;
  readonly theme: "dark" | "light" | null;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The view's centre in native cells, and its zoom as tiles count it: a level more doubles the size. */
export interface Place extends Point {
  readonly z: number;
}

export const panels = ["layers", "inspector"] as const;
export type Panel = typeof panels[number];

const own = ["model", "layer", "mode", "pin", "channel", "panels", "bare", "labels", "theme"];

/** The state that a URL stands for; what cannot be read counts as not given. */
export function parseState({ search, hash }: { search: string; hash: string }): State {
  const query = new URLSearchParams(search);
  const theme = query.get("theme");
  const shown = query.get("panels");
  const [x, y, z] = numbers(hash.slice(1), 3);
  const [px, py] = numbers(query.get("pin") ?? "", 2);
  return {
    model: query.get("model"),
    layer: query.get("layer"),
    mode: query.get("mode"),
    options: Object.fromEntries([...query].filter(([name]) => !own.includes(name))),
    place: x !== undefined && y !== undefined && z !== undefined ? { x, y, z } : null,
    pin: px !== undefined && py !== undefined ? { x: px, y: py } : null,
    channel: (["R", "G", "B", "A"] as const).find((name) => name === query.get("channel")) ?? null,
    panels: shown === null ? null : panels.filter((panel) => shown.split(",").includes(panel)),
    bare: query.get("bare") === "1",
    labels: query.get("labels") !== "0",
    theme: theme === "dark" || theme === "light" ? theme : null,
  };
}

/** The query and hash of a state: what `parseState` reads back. */
export function formatState(state: State): string {
  const query = new URLSearchParams();
  for (const name of ["model", "layer", "mode"] as const) {
    const text = state[name];
    if (text !== null) query.set(name, text);
  }
  for (const [name, text] of Object.entries(state.options)) query.set(name, text);
  if (state.pin) query.set("pin", `${state.pin.x},${state.pin.y}`);
  if (state.channel) query.set("channel", state.channel);
  if (state.panels) query.set("panels", state.panels.join(",") || "none");
  if (state.bare) query.set("bare", "1");
  if (!state.labels) query.set("labels", "0");
  if (state.theme) query.set("theme", state.theme);
  const { place } = state;
  const hash = place ? `#${place.x.toFixed(2)},${place.y.toFixed(2)},${place.z.toFixed(2)}` : "";
  // Commas, slashes and colons may stand in a query as they are, and names are full of them.
  return `?${query.toString().replaceAll("%2C", ",").replaceAll("%2F", "/")}${hash}`;
}

function numbers(text: string, count: number): number[] {
  const found = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  return found.length === count && found.every(Number.isFinite) ? found : [];
}
