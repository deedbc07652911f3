import { BadRequest } from "../errors.ts";
import type { Viewport } from "../compute/ray/camera.ts";
import type { RayView, RayVolume } from "../compute/ray/ops.ts";
import { parseOptions } from "../modes/options.ts";
import { lookOf } from "../modes/voxel_look.ts";
import { type BodyInfo, isAbort, type ModeEntry, Problem, type Subject } from "./api.ts";
import { type Claim, holdsFor, isOf, paletteOf, sameSpacing } from "./body.ts";
import { frameOf, partOf, type Seen } from "./framing.ts";
import { Pace } from "./pace.ts";
import type { Shot } from "./shot.ts";

/** A browser's GPU, ready to draw volumes. */
export interface Rays {
  /** Its errors are `GpuLost`, or what was wrong with the volume. */
  make(volume: RayVolume): Promise<LocalScene>;
  /** Gives the GPU up, and all that is on it. */
  close(): void;
}

/** A volume on a browser's GPU. */
export interface LocalScene {
  /** A picture of one pixel at least, and the milliseconds that it took. */
  draw(view: RayView): Promise<{ picture: ImageBitmap; ms: number }>;
  free(): void;
}

/** Pixels of the frames that tell how fast a GPU is. */
const TRIAL = 200 ** 2;

/** Frames come more slowly than a server's would. */
class Slow extends Error {}

/** Errors that speak against one volume, or one look at it, and not against the GPU. */
const ofOne = [RangeError, BadRequest, Problem, Slow];

/** What pictures are drawn with. */
export interface Means {
  /** Throws what speaks against drawing here. */
  open(): Promise<Rays>;
  info(subject: Subject, zoom: number, signal: AbortSignal): Promise<BodyInfo>;
  fetch(subject: Subject, info: BodyInfo, signal: AbortSignal): Promise<RayVolume>;
  /** Told once of each reason why pictures come from the server. */
  warn(reason: string): void;
}

interface Held extends Claim {
  readonly info: BodyInfo;
  readonly scene: LocalScene;
  readonly colours: Uint8Array;
  readonly pace: Pace;
}

/**
 * Pictures of a body that the page's own GPU draws, from voxels that it fetched once. Whatever speaks
 * against that, there is no picture, and the server's serve.
 */
export class Local {
  #mode: ModeEntry | null = null;
  #subject: Subject | null = null;
  #rays: Promise<Rays> | null = null;
  #held: Held | null = null;
  /** What is on its way, and what is not tried again. */
  #coming: Claim & { readonly waiting: AbortController } | null = null;
  #refused: Claim | null = null;
  #isOff = false;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #told = new Set<string>();

  /** `seen` tells what is seen of the plane; null where nothing is yet. */
  constructor(private readonly means: Means, private readonly seen: () => Seen | null) {}

  /** Something is shown: what can be drawn of it here, if anything can. */
  follow(mode: ModeEntry, subject: Subject, hasVoxels: boolean): void {
    this.#mode = mode;
    this.#subject = hasVoxels ? subject : null;
    const goes = (claim: Claim | null) => claim && !(hasVoxels && isOf(claim, subject));
    if (goes(this.#held)) this.#free();
    if (goes(this.#coming)) this.#stop();
  }

  /** Whether the next picture of what is shown can be drawn here. */
  get isReady(): boolean {
    return this.#held !== null;
  }

  /** Brings the voxels of what is shown here, as fine as it is seen, unless they are. */
  prepare(): void {
    const subject = this.#subject, zoom = this.seen()?.zoom;
    if (this.#isOff || !subject || zoom === undefined) return;
    const known = [this.#held, this.#coming, this.#refused];
    if (known.some((one) => one && one.zoom === zoom && holdsFor(one, subject))) return;
    this.#stop();
    const waiting = new AbortController();
    const coming = { subject, zoom, info: null, waiting };
    this.#coming = coming;
    this.#bring(coming, waiting.signal)
      .catch((error) => !waiting.signal.aborted && this.#refuse(coming, error))
      .finally(() => this.#coming === coming && (this.#coming = null));
  }

  /** A picture of what is seen with a subject's options; null where the server has to draw it. */
  async picture(subject: Subject): Promise<Shot | null> {
    const held = this.#held;
    if (!held || !holdsFor(held, subject)) {
      this.prepare();
      return null;
    }
    const drawn = this.#turn.then(() => this.#held === held ? this.#draw(held, subject) : null);
    this.#turn = drawn.catch(() => {}); // which is answered
    try {
      return await drawn;
    } catch (error) {
      if (this.#held === held) this.#refuse(held, error);
      return null;
    }
  }

  async #bring(coming: Claim, signal: AbortSignal): Promise<void> {
    const { subject, zoom } = coming;
    const rays = await (this.#rays ??= this.means.open());
    const info = await this.means.info(subject, zoom, signal);
    coming.info = info;
    const colours = paletteOf(info.ramp);
    const before = this.#held;
    if (before?.info.content === info.content && sameSpacing(before.info.spacing, info.spacing)) {
      this.#held = { ...before, subject, zoom, info, colours };
      return;
    }
    const volume = await this.means.fetch(subject, info, signal);
    const scene = await rays.make(volume);
    const held: Held = { subject, zoom, info, scene, colours, pace: new Pace() };
    try {
      signal.throwIfAborted();
      await this.#try(held);
      signal.throwIfAborted();
    } catch (error) {
      scene.free();
      throw error;
    }
    this.#free();
    this.#held = held;
  }

  /** Draws frames that nobody sees: the first also makes what the others have. */
  async #try(held: Held): Promise<void> {
    const seen = this.seen(), full = seen && frameOf(seen, 1);
    if (!full) return;
    const small = frameOf(seen, Math.min(1, Math.sqrt(TRIAL / areaOf(full))))!;
    for (const isFirst of [true, false]) {
      const { picture, ms } = await this.#frame(held, held.subject, small);
      picture.close();
      if (!isFirst) held.pace.note(areaOf(small), ms);
    }
    check(held.pace, areaOf(full));
  }

  async #draw(held: Held, subject: Subject): Promise<Shot | null> {
    const { pace } = held, seen = this.seen(), full = seen && frameOf(seen, 1);
    if (!full) return null;
    check(pace, areaOf(full));
    const viewport = frameOf(seen, pace.share(areaOf(full)))!;
    const { picture, ms } = await this.#frame(held, subject, viewport);
    pace.note(areaOf(viewport), ms);
    return { picture, part: partOf(viewport) };
  }

  #frame({ scene, colours }: Held, subject: Subject, viewport: Viewport) {
    const options = parseOptions(this.#mode!, new URLSearchParams(subject.options));
    return scene.draw(lookOf(options, colours, viewport));
  }

  /** Draws no more of a volume; no more of any where the GPU itself is what fails. */
  #refuse(claim: Claim, error: unknown): void {
    this.#refused = { ...claim };
    this.#free();
    if (!ofOne.some((Kind) => error instanceof Kind)) this.#close();
    const reason = error instanceof Error ? error.message : String(error);
    if (isAbort(error) || this.#told.has(reason)) return;
    this.#told.add(reason);
    this.means.warn(reason);
  }

  #free(): void {
    this.#held?.scene.free();
    this.#held = null;
  }

  #stop(): void {
    this.#coming?.waiting.abort();
    this.#coming = null;
  }

  #close(): void {
    this.#isOff = true;
    this.#rays?.then((rays) => rays.close(), () => {}); // which was told
    this.#rays = null;
  }
}

const areaOf = ({ width, height }: Viewport): number => width * height;

/** Throws `Slow` where frames of so many pixels come too slowly, however coarse. */
function check(pace: Pace, pixels: number): void {
  if (pace.isTooSlow(pixels)) throw new Slow("this GPU is too slow for this volume");
}
