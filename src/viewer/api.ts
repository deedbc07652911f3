import { ask } from "./access.ts";
import type { LayerSummary as Summary } from "../analysis/summary.ts";
import type { Triple } from "../compute/ray/ops.ts";
import type { Legend, Parameter, Range } from "../modes/mode.ts";
import type { Inspection, PlaneInfo } from "../tile/tile.ts";

export type { Inspection, Legend, Parameter, PlaneInfo, Range, Summary };

export interface ModelEntry {
  readonly id: string;
  readonly title: string;
  readonly format: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly version: string;
  readonly layers: number;
}

export interface LayerEntry {
  readonly name: string;
  readonly kind: string;
  /** What it does in its block: "attention.query". */
  readonly role: string | null;
  /** Names of other tensors that are its own again. */
  readonly aliases: readonly string[];
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly parameters: number;
  readonly modes: readonly string[];
  readonly tensors: readonly string[];
  /** Names of other looks at its bytes, such as the scales of quantized blocks. */
  readonly views: readonly string[];
}

export interface ModelDetail {
  readonly id: string;
  /** Of a capture, the moment that all else is of. */
  readonly step?: number;
  readonly version: string;
  readonly format: string;
  /** Whether it lies behind a network: a look at a whole layer fetches all of it. */
  readonly remote: boolean;
  readonly parameters: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly bytes: number;
  }[];
  readonly layers: readonly LayerEntry[];
  /** Of a network that can be run, or of the model of its runs: which, and on what. */
  readonly run?: { readonly model: string; readonly inputs: readonly RunInput[] };
}

/** What has to be put into a network. */
export interface RunInput {
  readonly name: string;
  /** The file's name of its element type; null for what is no tensor. */
  readonly type: string | null;
  readonly dtype: string | null;
  /** A side that may be any has a name or is "?"; null for any shape. */
  readonly shape: readonly (number | string)[] | null;
}

export interface ModeEntry {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly parameters: readonly Parameter[];
  /** False where pixels are not cells. */
  readonly cells: boolean;
  /** Whether something can be read at a point. */
  readonly readable: boolean;
  /** Whether no picture should be asked for before somebody wants to see it. */
  readonly costly: boolean;
  readonly missing: string | null;
}

/** The layer that stands for all of a model. */
export const WHOLE = "_";

/** A layer, a tensor, or the whole model: that has no element type and is of no one tensor. */
export interface LayerDetail extends Pick<LayerEntry, "name" | "kind" | "shape" | "parameters"> {
  readonly modes: readonly ModeEntry[];
  readonly tensor?: string;
  readonly dtype?: string;
}

export interface Colormap {
  readonly name: string;
  readonly title: string;
  readonly kind: string;
  /** Colours at even distances along the ramp. */
  readonly colors: readonly string[];
}

/** What a picture is of: enough to ask the server anything about it. */
export interface Subject {
  readonly model: string;
  readonly layer: string;
  readonly mode: string;
  readonly options: Readonly<Record<string, string>>;
  /** The model's version, so that answers may be cached for ever. */
  readonly version: string;
}

/** An answer other than 2xx, in the server's own words, or no answer at all. */
export class Problem extends Error {
  constructor(message: string, readonly status: number, cause?: unknown) {
    super(message, { cause });
    this.name = "Problem";
  }
}

type Signal = AbortSignal | undefined;

export const models = async (signal?: Signal) =>
  (await get<{ models: ModelEntry[] }>("models", signal)).models;

/** A model, at a step of the training that it is a capture of, where one is given. */
export const model = (id: string, step?: string, signal?: Signal) =>
  get<ModelDetail>(`models/${part(id)}${at(step)}`, signal);

/** A layer, at a step of the training that its model is a capture of, where one is given. */
export const layer = (id: string, name: string, step?: string, signal?: Signal) =>
  get<LayerDetail>(`models/${part(id)}/${part(name)}${at(step)}`, signal);

/** What a picture is of, before any tile of it is drawn. */
export interface View {
  /** The tensor that is drawn: of a layer, in some modes not its weight. */
  readonly tensor: string;
  /** Whether values are made of that tensor's, as norms are, and differences. */
  readonly made: boolean;
  readonly plane: PlaneInfo;
  /** By name, parameters whose range depends on the layer. */
  readonly ranges: Readonly<Record<string, Range>>;
  /** Names of parameters that can say nothing of the layer. */
  readonly idle: readonly string[];
  readonly links: {
    /** Where what is drawn is told of as voxels, if it is drawn from any. */
    readonly volume?: string;
  };
}

export const view = (subject: Subject, signal?: Signal) =>
  get<View>(`models/${path(subject)}${query(subject)}`, signal);

/** What there is to fetch of a volume. */
export interface BodyInfo {
  readonly size: Triple;
  readonly channels: 1 | 4;
  readonly spacing: Triple;
  /** Names its voxels. */
  readonly content: string;
  /** Names of the parameters with which something of this changes; with others only the look does. */
  readonly parameters: readonly string[];
  /** "#rrggbb" along the ramp. */
  readonly ramp: readonly string[];
  readonly bricks: { readonly count: number; readonly depth: number; readonly url: string };
}

/** A subject's volume as fine as tiles of a zoom are drawn from. */
export const body = (subject: Subject, zoom: number, signal?: AbortSignal) =>
  get<BodyInfo>(`volume/${path(subject)}${query(subject, true, `zoom=${zoom}`)}`, signal);

export const legend = (subject: Subject, signal?: Signal, cache?: RequestCache) =>
  get<Legend>(`${legendUrl(subject)}`, signal, cache);

/** Of a layer or a tensor, at the subject's step. */
export function summary({ model, layer, options }: Subject, signal?: Signal) {
  const step = options["step"] === undefined ? "" : `?step=${part(options["step"])}`;
  return get<Summary>(`summary/${part(model)}/${part(layer)}${step}`, signal);
}

/** Of a cell of zoom `z`, or a native one. */
export function inspect(subject: Subject, x: number, y: number, z?: number, signal?: Signal) {
  return get<Inspection>(inspectUrl(subject, x, y, z), signal);
}

/** A model that a layer can be compared with; of a capture, its steps. */
export interface Partner {
  readonly id: string;
  readonly steps?: readonly number[];
}

/** Those that a layer can be compared with. */
export async function partners(
  { model, layer, options: { step } }: Subject,
  signal?: Signal,
): Promise<readonly Partner[]> {
  const path = `partners/${part(model)}/${part(layer)}${at(step)}`;
  return (await get<{ partners: Partner[] }>(path, signal)).partners;
}

const at = (step: string | undefined) => step === undefined ? "" : `?step=${part(step)}`;

export const colormaps = async (signal?: Signal) =>
  (await get<{ colormaps: Colormap[] }>("colormaps", signal)).colormaps;

/** A tile's address, relative to the page. */
export function tileUrl(
  subject: Subject,
  z: number,
  x: number,
  y: number,
  { density = 1, format = "png" }: { density?: 1 | 2; format?: string } = {},
): string {
  const at = density === 2 ? `${y}@2x` : y;
  return `tiles/${path(subject)}/${z}/${x}/${at}.${format}${query(subject, true)}`;
}

export const legendUrl = (subject: Subject, format = "json") =>
  `legend/${path(subject)}.${format}${query(subject)}`;

export function inspectUrl(subject: Subject, x: number, y: number, z?: number): string {
  const at = `x=${x}&y=${y}${z === undefined ? "" : `&z=${z}`}`;
  return `inspect/${path(subject)}${query(subject, false, at)}`;
}

export const path = ({ model, layer, mode }: Subject) => [model, layer, mode].map(part).join("/");

const part = encodeURIComponent;

/** The query of a subject's options, with its "?", or nothing. */
export function query({ options, version }: Subject, versioned = false, more = ""): string {
  const parts = Object.entries(options).map(([name, text]) =>
    `${part(name)}=${part(text).replaceAll("%2C", ",")}`
  );
  if (more) parts.push(more);
  if (versioned) parts.push(`v=${part(version)}`);
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** What an address answers, asked for again even if it is still kept where `cache` says so. */
export const json = <T>(url: string, cache: RequestCache): Promise<T> => get(url, undefined, cache);

async function get<T>(url: string, signal: Signal, cache: RequestCache = "default"): Promise<T> {
  let response: Response;
  try {
    response = await ask(url, { cache, ...(signal ? { signal } : {}) });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Problem("The server does not answer. Is it still running?", 0, cause);
  }
  if (!response.ok) throw await problem(response);
  return await response.json();
}

/** The server's own sentence about what went wrong. */
export async function problem(response: Response): Promise<Problem> {
  const text = await response.text();
  const fallback = `The server answered ${response.status} ${response.statusText}.`;
  if (!/json/.test(response.headers.get("Content-Type") ?? "")) {
    return new Problem(fallback, response.status);
  }
  const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
  return new Problem(detail ?? title ?? fallback, response.status);
}

/** Whether an error only says that nobody waits for the answer any more. */
export const isAbort = (error: unknown) =>
  error instanceof DOMException && error.name === "AbortError";
