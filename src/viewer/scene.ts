import * as api from "./api.ts";
import { parseState, type State } from "./state.ts";
import { themeOf } from "./theme.ts";

/** What the page shows: a state with every name in it looked up. */
export interface Scene {
  readonly models: readonly api.ModelEntry[];
  readonly model: api.ModelDetail;
  readonly layer: api.LayerDetail;
  readonly mode: api.ModeEntry;
  readonly plane: api.PlaneInfo;
  /** The tensor that is drawn: of a layer, in some modes not its weight. */
  readonly tensor: string;
  /** Whether values are made of that tensor's, rather than its own. */
  readonly made: boolean;
  /** By name, parameters whose range depends on the layer; `mode` has them already. */
  readonly ranges: api.View["ranges"];
  /** Names of parameters that can say nothing of the layer. */
  readonly idle: readonly string[];
  /** Whether it is drawn from voxels that can be fetched. */
  readonly hasVoxels: boolean;
  readonly subject: api.Subject;
  readonly legend: api.Legend;
  /** The models that the layer can be compared with. */
  readonly partners: readonly api.Partner[];
}

/** A part of the page that follows the scene. */
export interface Widget {
  update(scene: Scene): void;
}

const kept = new Map<string, Promise<unknown>>();

/** Asks once, however often it is needed; a failure is asked again. */
function once<T>(key: string, ask: () => Promise<T>): Promise<T> {
  const known = kept.get(key) as Promise<T> | undefined;
  if (known) return known;
  const asked = ask();
  kept.set(key, asked);
  asked.catch(() => kept.delete(key));
  return asked;
}

/** Forgets every answer, since a model has changed. */
export function forget(): void {
  kept.clear();
}

/** Looks up a state; what it leaves open is chosen here. Throws `Problem`, or `Empty`. */
export async function resolve(state: State): Promise<Scene> {
  const models = await once("models", () => api.models());
  const id = state.model ?? (models.find(({ layers }) => layers > 0) ?? models[0])?.id;
  if (id === undefined) throw new Empty(models);
  const model = await modelOf(id, state.options);
  const name = state.layer ?? firstLook(model, state.mode);
  if (name === undefined) throw new Empty(models, `${id} holds no tensors.`);
  const layer = await layerOf(id, name, state.options);
  const known = layer.modes.find((mode) => mode.name === state.mode) ??
    layer.modes.find(({ missing }) => missing === null) ?? layer.modes[0];
  if (!known) throw new Empty(models, `No mode can show ${name}.`);
  const { version } = model;
  const options = themed(known, state);
  const subject = { model: id, layer: name, mode: known.name, options, version };
  const key = keyOf(subject);
  const [{ tensor, made, plane, ranges, idle, links }, legend, partners] = await Promise.all([
    once(`view ${key}`, () => api.view(subject)),
    once(`legend ${key}`, () => api.legend(subject)),
    once(`partners ${id} ${name} ${state.options["step"]}`, () => api.partners(subject)),
  ]);
  const mode = within(known, ranges);
  const hasVoxels = links.volume !== undefined;
  return {
    ...{ models, model, layer, mode, tensor, made, plane, ranges, idle, hasVoxels },
    ...{ subject, legend, partners },
  };
}

/**
 * A model, and a layer of it, as they were at the step that is shown, before or after which there may
 * be none of a layer: one object where steps do not differ, so that nothing is built anew while they
 * are played.
 */
const modelOf = (id: string, { step }: State["options"]) =>
  once(`model ${id} ${step}`, async () => {
    const { step: _, ...model } = await api.model(id, step);
    return await shared(model);
  });

const layerOf = (id: string, name: string, { step }: State["options"]) =>
  once(`layer ${id} ${name} ${step}`, async () => await shared(await api.layer(id, name, step)));

/** One object for all that are the same. */
const shared = <T>(value: T): Promise<T> =>
  once(JSON.stringify(value), () => Promise.resolve(value));

/** What is asked for, and what the page's theme chooses. */
function themed({ parameters }: api.ModeEntry, state: State): State["options"] {
  const theme = themeOf(state);
  const chosen = parameters.filter((parameter) => parameter.themed && parameter.default !== theme)
    .map(({ name }) => [name, theme]);
  return { ...Object.fromEntries(chosen), ...state.options };
}

/** A mode with its parameters as the layer bounds them. */
const within = (mode: api.ModeEntry, ranges: api.View["ranges"]): api.ModeEntry => ({
  ...mode,
  parameters: mode.parameters.map((parameter) => ({ ...parameter, ...ranges[parameter.name] })),
});

/** There is nothing to show. */
export class Empty extends Error {
  constructor(
    /** What else could be shown. */
    readonly models: readonly api.ModelEntry[],
    message = "No model is open. Drop a file here, or start the server with one: serve PATH.",
  ) {
    super(message);
    this.name = "Empty";
  }
}

/** The map of the whole model, where it has more than one tensor and nothing else is asked for. */
function firstLook(model: api.ModelDetail, mode: string | null): string | undefined {
  const asksForLayer = mode !== null && mode !== "map";
  return !asksForLayer && hasMap(model) ? api.WHOLE : firstLayer(model);
}

/** Whether there is more to a model than the plane of its only tensor. */
export const hasMap = ({ tensors, parameters }: api.ModelDetail): boolean =>
  tensors.length > 1 && parameters > 0;

/** Whether a scene is the map of a whole model. */
export const isWhole = ({ subject }: Scene): boolean => subject.layer === api.WHOLE;

/** The scene with what its legend says by now. */
export async function withNewLegend(scene: Scene): Promise<Scene> {
  const { subject } = scene;
  const asked = api.legend(subject, undefined, "no-cache");
  kept.set(`legend ${keyOf(subject)}`, asked);
  asked.catch(() => kept.delete(`legend ${keyOf(subject)}`));
  return { ...scene, legend: await asked };
}

/** What a picture of the whole model shows of one tensor, as the tensor's own plane shows it. */
export async function onLayer({ model, subject }: Scene, layer: string): Promise<Scene> {
  const state = await sameOn(layer, model, subject);
  return await resolve({ ...noState, model: model.id, layer, ...state });
}

/**
 * How a layer opens from the whole model, or that from a layer: in the same mode where there is one of
 * that name, else as it opens by itself; with those of the options that its mode has.
 */
export async function sameOn(
  layer: string,
  model: api.ModelDetail,
  { mode, options }: { readonly mode: string | null; readonly options: State["options"] },
): Promise<Pick<State, "mode" | "options">> {
  const { modes } = await layerOf(model.id, layer, options);
  const able = modes.filter(({ missing }) => missing === null);
  const same = able.find(({ name }) => name === mode) ?? able[0];
  return { mode: same === able[0] ? null : same!.name, options: optionsOf(same, options) };
}

/** The picture of the whole model that a scene is of or comes back to: where layers lie on it. */
export async function placesOf({ model, subject }: Scene): Promise<api.Subject> {
  const { modes } = await layerOf(model.id, api.WHOLE, subject.options);
  const mode = modes.find(({ name }) => name === subject.mode) ?? modes[0]!;
  const options = optionsOf(mode, subject.options, ({ places }) => places === true);
  return { ...subject, layer: api.WHOLE, mode: mode.name, options };
}

/** Those of the options that a mode has, or those for some of its parameters. */
function optionsOf(
  mode: api.ModeEntry | undefined,
  options: State["options"],
  counts: (parameter: api.Parameter) => boolean = () => true,
): State["options"] {
  const known = new Set(mode?.parameters.filter(counts).map(({ name }) => name));
  return Object.fromEntries(Object.entries(options).filter(([name]) => known.has(name)));
}

const noState = parseState({ search: "", hash: "" });

const keyOf = (subject: api.Subject) =>
  `${subject.version} ${api.path(subject)}${api.query(subject)}`;

/** A layer that makes a good first picture: the first whose shorter side is a good size. */
function firstLayer({ layers }: api.ModelDetail): string | undefined {
  const side = ({ shape }: api.LayerEntry) => Math.min(512, ...planeOf(shape));
  return layers.reduce<api.LayerEntry | undefined>(
    (best, layer) => best && side(best) >= side(layer) ? best : layer,
    undefined,
  )?.name;
}

/** Rows and columns of a tensor's plane, unless its axes are chosen otherwise. */
function planeOf(shape: readonly number[]): [number, number] {
  const all = shape.reduce((product, side) => product * side, 1);
  const last = shape.at(-1) ?? 1;
  if (shape.length < 2) return [Math.sqrt(all), Math.sqrt(all)];
  const columns = shape.length < 4 ? last : shape[1]! * last;
  return [columns > 0 ? all / columns : 0, columns];
}
