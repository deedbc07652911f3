import { type Subject, tileUrl } from "./api.ts";
import { Frames } from "./frames.ts";
import type { Local } from "./local.ts";
import type { PlaneMap } from "./map.ts";
import { changed, type Changes, setOptions } from "./options.ts";
import type { Scene, Widget } from "./scene.ts";
import type { Shot } from "./shot.ts";
import type { Store } from "./store.ts";
import { loadTile } from "./tiles.ts";

/** Milliseconds without a change after which the picture rests. */
const REST = 150;
/** The part of the plane that a server's frame shows: all of it. */
const ALL = { x: 0, y: 0, width: 1, height: 1 };
/** Milliseconds in which a frame has to come for the next to have twice the pixels across, and still. */
const QUICK = 25, BEARABLE = 100;

export interface LiveEvents {
  /** The picture has come to rest: its tiles are wanted. */
  rested(): void;
  failed(error: unknown): void;
}

/**
 * A body's picture while its parameters change faster than tiles come: one picture after the
 * other, drawn here or small ones of the server, over the map, until it rests.
 */
export class Live implements Widget {
  #scene: Scene | null = null;
  #isOn = false;
  #isSetting = false;
  #isSharp = false;
  #resting: ReturnType<typeof setTimeout> | undefined;
  readonly #frames = new Frames<Subject>({
    // One more would wait its turn on a GPU, and be late; from a server it comes the sooner.
    atOnce: () => this.local.isReady ? 1 : 2,
    load: (subject, signal) => this.#load(subject, signal),
    show: (shot) => this.map.cover(shot),
    failed: (error) => this.events.failed(error),
  });

  constructor(
    private readonly store: Store,
    private readonly map: PlaneMap,
    private readonly local: Local,
    private readonly events: LiveEvents,
  ) {}

  update(scene: Scene): void {
    this.#scene = scene;
    this.local.follow(scene.mode, scene.subject, scene.hasVoxels);
  }

  /** Whether the change of state that is being told of is one of its own. */
  get isSetting(): boolean {
    return this.#isSetting;
  }

  /** Changes parameters, and shows what comes of it as soon as it can. */
  change(changes: Changes): void {
    const subject = this.#begin(changes);
    if (!subject) return;
    this.#frames.ask(subject);
    this.#resting = setTimeout(() => this.settle(), REST);
  }

  /** Changes parameters to those that a picture was fetched for. */
  show(changes: Changes, shot: Shot): void {
    if (this.#begin(changes)) this.map.cover(shot);
    else shot.picture.close();
  }

  /** Fetches the picture that changes would bring. */
  async fetch(changes: Changes, signal: AbortSignal): Promise<Shot> {
    const { subject } = this.#scene!;
    return await this.#load({ ...subject, options: changed(subject.options, changes) }, signal);
  }

  /** Nothing changes any more for now. */
  settle(): void {
    clearTimeout(this.#resting);
    if (!this.#isOn) return;
    this.#isOn = false;
    this.events.rested();
  }

  /** Something else is to be seen. */
  leave(): void {
    clearTimeout(this.#resting);
    this.#isOn = false;
    this.#frames.stop();
  }

  #begin(changes: Changes): Subject | null {
    const scene = this.#scene;
    if (!scene) return null;
    clearTimeout(this.#resting);
    this.#isOn = true;
    this.map.suspend();
    this.#isSetting = true;
    setOptions(this.store, changes, false);
    this.#isSetting = false;
    return { ...scene.subject, options: this.store.state.options };
  }

  async #load(subject: Subject, signal: AbortSignal): Promise<Shot> {
    const drawn = await this.local.picture(subject);
    if (drawn) return drawn;
    signal.throwIfAborted();
    const began = performance.now();
    const density = this.#isSharp ? 2 : 1;
    const { picture } = await loadTile(tileUrl(subject, 0, 0, 0, { density }), { signal });
    const took = performance.now() - began;
    this.#isSharp = took < (density === 2 ? BEARABLE : QUICK);
    return { picture, part: ALL };
  }
}
