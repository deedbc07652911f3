import { mountAccess } from "./access.ts";
import { isAbort, Problem } from "./api.ts";
import { commandsOf } from "./commands.ts";
import { byId, isThrifty, set } from "./dom.ts";
import { mountHelp } from "./help.ts";
import { Hover } from "./hover.ts";
import { type Icon, icon } from "./icons.ts";
import { IngestPanel } from "./ingest.ts";
import { Inspector } from "./inspector.ts";
import { mountKeyboard } from "./keyboard.ts";
import { Journey } from "./journey.ts";
import { LayerList } from "./layers.ts";
import { LegendPanel } from "./legend.ts";
import { PlaneMap } from "./map.ts";
import { Live } from "./live.ts";
import { Minimap } from "./minimap.ts";
import { ModeSwitch } from "./modes.ts";
import { Notice } from "./notice.ts";
import { OptionsPanel } from "./options.ts";
import { Outline } from "./outline.ts";
import { describe } from "./description.ts";
import { Empty, forget, isWhole, resolve, type Scene, type Widget } from "./scene.ts";
import { Refresher } from "./refresher.ts";
import { Panels } from "./panels.ts";
import { Pins } from "./pins.ts";
import { Playbar } from "./playbar.ts";
import { RunDialog } from "./run.ts";
import { ShareMenu } from "./share.ts";
import { mountDrop, type Opening } from "./opening.ts";
import type { Place } from "./state.ts";
import { Store } from "./store.ts";
import { Switcher } from "./switcher.ts";
import { mountTheme, toggleTheme } from "./theme.ts";
import { looksOf, tileAddress } from "./tiles.ts";
import { drawnHere } from "./rays.ts";
import { askForToken } from "./token_dialog.ts";
import { targets } from "./tree.ts";
import { Turning, turnsOf } from "./turning.ts";

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
  clicked: (pin) => pins.clicked(pin),
  opened: (cell) => pins.opened(cell),
  turned: (x, y) => turning.drag(x, y),
  released: () => turning.release(),
  failed: (error) => report(error),
  loading: (busy) => {
    set(byId("progress"), "class", busy ? "busy" : null);
    if (!busy && !isThrifty()) local.prepare();
  },
  renewed: () => legend.showEstimate(map.estimate),
});
const panels = new Panels(store, map);
map.margins = () => panels.margins();
const say = (sentence: string) => notice.say(sentence);
const outline = new Outline(map);
const journey = new Journey(store, map, outline, {
  told: () => guided(),
  failed: report,
});
const hover = new Hover(element, map, journey, outline);
const pins = new Pins(store, map, panels, journey, report);
const minimap = new Minimap(store, map);
const layers = new LayerList({
  find: (name) => void journey.find(name).catch(report),
  open: (name) => void journey.open(name).catch(report),
  found: () => journey.found,
  isRead: () => ingest.isDone,
});
const modes = new ModeSwitch(store);
const legend = new LegendPanel(store, report);
const local = drawnHere(() => map.framing);
const live = new Live(store, map, local, { rested: () => show(false), failed: report });
const turning = new Turning(store, live, () => playbar.pause());
let loading = Promise.resolve();
const playbar = new Playbar(store, map, live, {
  loaded: () => loading,
  ended: () => show(false),
  failed: report,
});
const inspector = new Inspector(store, map, journey);
const share = new ShareMenu(store, map, outline.canvas, say, report);
const refresher = new Refresher(map, {
  renewed: (next) => renewed(next),
  pulse: () => minimap.renew(),
  failed: report,
});
const ingest = new IngestPanel({
  read: (tensor) => refresher.read(tensor),
  known: () => layers.renew(),
  done: () => {
    refresher.done();
    layers.renew();
    journey.renew().catch(report);
  },
}, say);
const opening: Opening = {
  opened(id) {
    forget();
    store.set({ model: id, layer: null, mode: null, options: {}, place: null, pin: null });
  },
  failed: (error) => notice.fail(error, null),
};
mountAccess(askForToken);
const run = new RunDialog((look) => {
  forget();
  store.set({ ...look, options: {}, place: null, pin: null });
  show(); // the same address may show another run
});
mountDrop(opening, run);
const switcher = new Switcher(store, opening);
const widgets: Widget[] = [
  switcher,
  run,
  layers,
  modes,
  new OptionsPanel(store),
  legend,
  journey,
  inspector,
  share,
  hover,
  refresher,
  ingest,
  minimap,
  pins,
  live,
  turning,
  playbar,
];

let scene: Scene | null = null;
let request = 0;
/** Whether the state has led to a place that was not gone to yet. */
let isLed = false;

/**
 * Looks up the state and shows it. Unless the state `leads` to a place, the map's own is kept where
 * the plane stays the same: the state learns of a move only once it has come to rest. On another
 * plane that place would mean nothing.
 */
async function load(leads = true): Promise<void> {
  const mine = ++request;
  isLed ||= leads;
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
    const place = isLed ? store.state.place ?? kept : kept;
    const isAstray = !isLed && !samePlane;
    isLed = false;
    set(document.body, "data-ready", true);
    // The map first: what follows asks it which cells of which plane it shows.
    draw(next, place);
    for (const widget of widgets) widget.update(next);
    if (isAstray) store.set({ place: null, pin: null }, "replace");
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

function show(leads = true): void {
  loading = load(leads);
}

function draw(scene: Scene, place: Place | null): void {
  const { plane, subject, legend, mode } = scene;
  set(document.body, "data-whole", isWhole(scene));
  set(document.body, "data-turns", turnsOf(mode));
  // What is around the map must be known before it is shown.
  set(document.body, "data-plays", mode.parameters.some(({ plays }) => plays));
  const looks = looksOf(legend, store.state.channel);
  map.show(plane, (z, x, y, density) => tileAddress(subject, looks, z, x, y, density), {
    place,
    towards: journey.takeTowards(),
    opens: isWhole(scene),
    turns: turnsOf(mode),
    passes: playbar.isRunning,
  });
  set(element, "aria-label", describe(scene));
}

/** The legend is known better. */
function renewed(next: Scene): void {
  if (scene?.subject !== next.subject) return;
  scene = next;
  legend.update(next);
}

/** What lies where on the map is known. */
function guided(): void {
  legend.showBars(store.state.labels && journey.guide?.hasBars === true);
  hover.follow();
  inspector.refresh();
}

function reload(): void {
  forget();
  show();
}

function startOver(): void {
  store.set({ model: null, layer: null, mode: null, options: {}, place: null, pin: null });
}

let settling: ReturnType<typeof setTimeout> | undefined;
function moved(): void {
  outline.follow();
  hover.follow();
  inspector.follow();
  minimap.follow();
  clearTimeout(settling);
  settling = setTimeout(() => {
    const { place } = map;
    if (place && scene) store.set({ place }, "replace");
    inspector.refresh();
    map.renew();
    legend.showEstimate(map.estimate);
  }, 250);
}

function stepLayer(step: 1 | -1): void {
  if (!scene) return;
  const names = targets(scene.model.layers);
  const at = names.indexOf(isWhole(scene) ? journey.found ?? "" : scene.layer.name);
  const layer =
    names[at < 0 && step < 0 ? names.length - 1 : (at + step + names.length) % names.length];
  if (layer === undefined) return;
  if (isWhole(scene)) journey.find(layer).catch(report);
  else journey.open(layer).catch(report);
}

const toMap = () => void journey.leave().catch(report);
const commands = commandsOf({
  ...{ store, map, modes, turning, search, stepLayer, toMap, togglePanel: panels.toggle },
  pin: () => pins.pin(),
  play: () => playbar.toggle(),
  run: () => run.open(),
  help: () => help(),
});
const help = mountHelp(commands);
mountKeyboard(commands);

function search(): void {
  if (!panels.shown.includes("layers") || store.state.bare) {
    store.set({ panels: panels.with("layers", true), bare: false }, "replace");
  }
  layers.focusSearch();
}

const buttons: Record<string, () => void> = {
  "toggle-layers": () => panels.toggle("layers"),
  "toggle-inspector": () => panels.toggle("inspector"),
  "close-inspector": () => panels.toggle("inspector"),
  "toggle-theme": () => toggleTheme(store),
  "show-help": help,
  "zoom-in": () => map.zoomStep(1),
  "zoom-out": () => map.zoomStep(-1),
  "zoom-fit": () => map.home(),
  "to-map": toMap,
  "toggle-labels": () => store.set({ labels: !store.state.labels }, "replace"),
};
for (const [id, run] of Object.entries(buttons)) byId(id).addEventListener("click", run);

store.listen((state, before) => {
  const looked = (["model", "layer", "mode"] as const).some((name) =>
    state[name] !== before[name]
  ) ||
    JSON.stringify(state.options) !== JSON.stringify(before.options) ||
    (state.theme !== before.theme && scene?.mode.parameters.some(({ themed }) => themed));
  const leads = state.place !== before.place;
  panels.arrange();
  if (state.labels !== before.labels || state.theme !== before.theme) {
    journey.showLabels();
    guided();
  }
  if (live.isSetting) return;
  if (looked) {
    live.leave();
    show(leads);
  } else if (scene && state.channel !== before.channel) {
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

panels.arrange();
show();
