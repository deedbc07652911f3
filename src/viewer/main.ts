import { mountAccess } from "./access.ts";
import { isAbort, Problem } from "./api.ts";
import { byId, isPhone, set } from "./dom.ts";
import { mountHelp } from "./help.ts";
import { Hover } from "./hover.ts";
import { type Icon, icon } from "./icons.ts";
import { Inspector } from "./inspector.ts";
import { type Command, mountKeyboard } from "./keyboard.ts";
import { LayerList } from "./layers.ts";
import { LegendPanel } from "./legend.ts";
import { PlaneMap } from "./map.ts";
import { Minimap } from "./minimap.ts";
import { ModeSwitch } from "./modes.ts";
import { Notice } from "./notice.ts";
import { OptionsPanel } from "./options.ts";
import { Empty, forget, resolve, type Scene, type Widget } from "./scene.ts";
import { ShareMenu } from "./share.ts";
import { mountDrop, type Opening } from "./opening.ts";
import type { Panel, Place, Point } from "./state.ts";
import { Store } from "./store.ts";
import { Switcher } from "./switcher.ts";
import { mountTheme, toggleTheme } from "./theme.ts";
import { looksOf, tileAddress } from "./tiles.ts";
import { askForToken } from "./token_dialog.ts";
import { targets } from "./tree.ts";

for (const slot of document.querySelectorAll<HTMLElement>("[data-icon]")) {
  slot.prepend(icon(slot.dataset.icon as Icon));
}

const store = new Store();
const notice = new Notice();
const report = (error: unknown) => notice.fail(error, { label: "Try again", run: reload });
mountTheme(store);

const element = byId("map");
const map = new PlaneMap(element, {
  moved: () => moved(),
  clicked: (pin) => setPin(pin),
  failed: (error) => report(error),
  loading: (busy) => set(byId("progress"), "class", busy ? "busy" : null),
});
const hover = new Hover(element, map);
const minimap = new Minimap(store, map);
const layers = new LayerList(store);
const modes = new ModeSwitch(store);
const legend = new LegendPanel(store, report);
const inspector = new Inspector(store, map);
const share = new ShareMenu(store, map, (sentence) => notice.say(sentence), report);
const opening: Opening = {
  opened(id) {
    forget();
    store.set({ model: id, layer: null, mode: null, options: {}, place: null, pin: null });
  },
  failed: (error) => notice.fail(error, null),
};
mountAccess(askForToken);
mountDrop(opening);
const switcher = new Switcher(store, opening);
const widgets: Widget[] = [
  switcher,
  layers,
  modes,
  new OptionsPanel(store),
  legend,
  inspector,
  share,
  hover,
  minimap,
];

let scene: Scene | null = null;
let request = 0;

/**
 * Looks up the state and shows it. Unless the state `leads` to a place, the map's own is kept where
 * the plane stays the same: the state learns of a move only once it has come to rest.
 */
async function load(leads = true): Promise<void> {
  const mine = ++request;
  set(byId("progress"), "class", "busy");
  try {
    const next = await resolve(store.state);
    if (mine !== request) return;
    const before = scene;
    scene = next;
    notice.clear();
    const samePlane = before?.subject.model === next.subject.model &&
      before.subject.layer === next.subject.layer &&
      before.plane.width === next.plane.width && before.plane.height === next.plane.height;
    const kept = samePlane ? map.place : null;
    const place = leads ? store.state.place ?? kept : kept ?? store.state.place;
    set(document.body, "data-ready", true);
    // The map first: what follows asks it which cells of which plane it shows.
    draw(next, place);
    for (const widget of widgets) widget.update(next);
  } catch (error) {
    if (mine !== request || isAbort(error)) return;
    set(byId("progress"), "class", null);
    if (error instanceof Empty) switcher.offer(error.models, store.state.model);
    const wrong = error instanceof Problem && error.status >= 400 && error.status < 500;
    notice.fail(
      error,
      wrong ? { label: "Start over", run: startOver } : { label: "Try again", run: reload },
    );
  }
}

function draw({ plane, subject, legend }: Scene, place: Place | null): void {
  const looks = looksOf(legend, store.state.channel);
  map.show(plane, (z, x, y, density) => tileAddress(subject, looks, z, x, y, density), place);
}

function reload(): void {
  forget();
  void load();
}

function startOver(): void {
  store.set({ model: null, layer: null, mode: null, options: {}, place: null, pin: null });
}

let settling: ReturnType<typeof setTimeout> | undefined;
function moved(): void {
  hover.follow();
  inspector.follow();
  minimap.follow();
  clearTimeout(settling);
  settling = setTimeout(() => {
    const { place } = map;
    if (place && scene) store.set({ place }, "replace");
    inspector.refresh();
  }, 250);
}

const shown = (): readonly Panel[] => store.state.panels ?? (isPhone() ? [] : ["layers"]);

function withPanel(panel: Panel, open: boolean): Panel[] {
  const others = shown().filter((name) => name !== panel && !(open && isPhone()));
  return open ? [...others, panel] : others;
}

function togglePanel(panel: Panel): void {
  const open = !shown().includes(panel);
  store.set({
    panels: withPanel(panel, open),
    ...(open ? {} : panel === "inspector" ? { pin: null } : {}),
  }, "replace");
}

function arrange(): void {
  const open = shown();
  set(document.body, "class", store.state.bare ? "bare" : null);
  for (const panel of ["layers", "inspector"] as const) {
    set(document.body, `data-${panel}`, open.includes(panel));
    byId(`toggle-${panel}`).setAttribute("aria-expanded", String(open.includes(panel)));
  }
}

map.margins = () => {
  if (store.state.bare) return { top: 16, right: 16, bottom: 16, left: 16 };
  const open = shown();
  if (isPhone()) {
    const bottom = open.includes("inspector") ? map.size.height * 0.56 + 12 : 172;
    return { top: 146, right: 12, bottom, left: 12 };
  }
  return {
    top: 76,
    right: open.includes("inspector") ? 360 : 32,
    bottom: 40,
    left: 332,
  };
};

function stepLayer(step: 1 | -1): void {
  if (!scene) return;
  const names = targets(scene.model.layers);
  const at = names.indexOf(scene.layer.name);
  const layer = names[(at + step + names.length) % names.length];
  if (layer !== undefined) store.set({ layer, place: null, pin: null });
}

function pinCentre(): void {
  const { place } = map;
  if (place) setPin({ x: Math.floor(place.x), y: Math.floor(place.y) });
}

function setPin(pin: Point): void {
  store.set({ pin, panels: withPanel("inspector", true) }, "replace");
  map.reveal(pin);
}

const STEP = 0.2;
const commands: Command[] = [
  { keys: ["/"], shown: "/", about: "Search layers and tensors", run: search },
  { keys: ["ArrowLeft"], shown: "← ↑ ↓ →", about: "Move", run: () => map.pan(-STEP, 0) },
  { keys: ["ArrowRight"], run: () => map.pan(STEP, 0) },
  { keys: ["ArrowUp"], run: () => map.pan(0, -STEP) },
  { keys: ["ArrowDown"], run: () => map.pan(0, STEP) },
  {
    keys: ["+", "="],
    shown: "+ −",
    about: "Zoom by two, to whole pixels",
    run: () => map.zoomStep(1),
  },
  { keys: ["-", "_"], run: () => map.zoomStep(-1) },
  { keys: ["0"], shown: "0", about: "The whole plane", run: () => map.home() },
  { keys: ["["], shown: "[ ]", about: "Previous and next layer", run: () => stepLayer(-1) },
  { keys: ["]"], run: () => stepLayer(1) },
  {
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    shown: "1 … 9",
    about: "Modes, in their order",
    run: (key) => modes.chooseAt(Number(key) - 1),
  },
  { keys: ["Enter"], shown: "Enter", about: "Read the cell in the middle", run: pinCentre },
  { keys: ["i"], shown: "i", about: "Inspector", run: () => togglePanel("inspector") },
  { keys: ["l"], shown: "l", about: "Layers", run: () => togglePanel("layers") },
  {
    keys: ["h"],
    shown: "h",
    about: "Nothing but the map, and back",
    run: () => store.set({ bare: !store.state.bare }, "replace"),
  },
  { keys: ["t"], shown: "t", about: "Dark or light", run: () => toggleTheme(store) },
  { keys: ["?"], shown: "?", about: "This help", run: () => help() },
  { keys: ["Escape"], run: () => store.set({ pin: null }, "replace") },
];
const help = mountHelp(commands);
mountKeyboard(commands);

function search(): void {
  if (!shown().includes("layers") || store.state.bare) {
    store.set({ panels: withPanel("layers", true), bare: false }, "replace");
  }
  layers.focusSearch();
}

const buttons: Record<string, () => void> = {
  "toggle-layers": () => togglePanel("layers"),
  "toggle-inspector": () => togglePanel("inspector"),
  "close-inspector": () => togglePanel("inspector"),
  "toggle-theme": () => toggleTheme(store),
  "show-help": help,
  "zoom-in": () => map.zoomStep(1),
  "zoom-out": () => map.zoomStep(-1),
  "zoom-fit": () => map.home(),
};
for (const [id, run] of Object.entries(buttons)) byId(id).addEventListener("click", run);

store.listen((state, before) => {
  const looked = (["model", "layer", "mode"] as const).some((name) =>
    state[name] !== before[name]
  ) ||
    JSON.stringify(state.options) !== JSON.stringify(before.options);
  const leads = state.place !== before.place;
  arrange();
  if (looked) void load(leads);
  else if (scene && state.channel !== before.channel) {
    legend.showChannels();
    minimap.update(scene);
    draw(scene, map.place);
  } else {
    const { place } = state;
    const now = map.place;
    const away = place && now && (Math.abs(place.z - now.z) > 0.02 ||
      Math.hypot(place.x - now.x, place.y - now.y) * map.scale > 2);
    if (leads && away) map.go(place);
    if (state.pin !== before.pin || state.panels !== before.panels) inspector.refresh();
  }
});

arrange();
void load();
