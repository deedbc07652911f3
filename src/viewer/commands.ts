import type { Command } from "./keyboard.ts";
import type { PlaneMap } from "./map.ts";
import type { ModeSwitch } from "./modes.ts";
import type { Panel } from "./state.ts";
import type { Store } from "./store.ts";
import { toggleTheme } from "./theme.ts";
import type { Turning } from "./turning.ts";

/** What keys act on. */
export interface Page {
  readonly store: Store;
  readonly map: PlaneMap;
  readonly modes: ModeSwitch;
  readonly turning: Turning;
  play(): void;
  search(): void;
  stepLayer(step: 1 | -1): void;
  pin(): void;
  toMap(): void;
  togglePanel(panel: Panel): void;
  run(): void;
  help(): void;
}

/** Share of the view that an arrow moves by. */
const STEP = 0.2;

/** Every key, in the order of the help. */
export const commandsOf = (page: Page): Command[] => [
  { keys: ["/"], shown: "/", about: "Search layers and tensors", run: () => page.search() },
  {
    keys: ["ArrowLeft"],
    shown: "← ↑ ↓ →",
    about: "Move; turn a body, and move with shift",
    run: (_, event) => go(page, event, -1, 0),
  },
  { keys: ["ArrowRight"], run: (_, event) => go(page, event, 1, 0) },
  { keys: ["ArrowUp"], run: (_, event) => go(page, event, 0, -1) },
  { keys: ["ArrowDown"], run: (_, event) => go(page, event, 0, 1) },
  { keys: ["r"], shown: "r", about: "Turn a body back", run: () => page.turning.reset() },
  { keys: [" "], shown: "space", about: "Play, and pause", run: () => page.play() },
  {
    keys: ["+", "="],
    shown: "+ −",
    about: "Zoom by two, to whole pixels",
    run: () => page.map.zoomStep(1),
  },
  { keys: ["-", "_"], run: () => page.map.zoomStep(-1) },
  { keys: ["0"], shown: "0", about: "The whole plane", run: () => page.map.home() },
  {
    keys: ["m"],
    shown: "m Esc",
    about: "The whole model, where this layer lies",
    run: () => page.toMap(),
  },
  { keys: ["n"], shown: "n", about: "Names on the map", run: () => names(page.store) },
  { keys: ["["], shown: "[ ]", about: "Previous and next layer", run: () => page.stepLayer(-1) },
  { keys: ["]"], run: () => page.stepLayer(1) },
  {
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    shown: "1 … 9",
    about: "Modes, in their order",
    run: (key) => page.modes.chooseAt(Number(key) - 1),
  },
  {
    keys: ["Enter"],
    shown: "Enter",
    about: "Read the cell in the middle; on the map, open the layer that is pinned",
    run: () => page.pin(),
  },
  { keys: ["i"], shown: "i", about: "Inspector", run: () => page.togglePanel("inspector") },
  { keys: ["l"], shown: "l", about: "Layers", run: () => page.togglePanel("layers") },
  {
    keys: ["h"],
    shown: "h",
    about: "Nothing but the map, and back",
    run: () => page.store.set({ bare: !page.store.state.bare }, "replace"),
  },
  { keys: ["x"], shown: "x", about: "Run the network on an input", run: () => page.run() },
  { keys: ["t"], shown: "t", about: "Dark or light", run: () => toggleTheme(page.store) },
  { keys: ["?"], shown: "?", about: "This help", run: () => page.help() },
  {
    keys: ["Escape"],
    run: () => page.store.state.pin ? page.store.set({ pin: null }, "replace") : page.toMap(),
  },
];

/** Moves the view, or turns what is seen. */
function go({ map, turning }: Page, { shiftKey }: KeyboardEvent, right: number, down: number) {
  if (shiftKey || !turning.step(right, -down)) map.pan(right * STEP, down * STEP);
}

const names = (store: Store) => store.set({ labels: !store.state.labels }, "replace");
