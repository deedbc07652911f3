import type { ModeEntry, Parameter } from "./api.ts";
import { turned } from "./angles.ts";
import { textOf } from "./controls.ts";
import { byId, isPhone } from "./dom.ts";
import type { Live } from "./live.ts";
import { endStep } from "./options.ts";
import type { Scene, Widget } from "./scene.ts";
import type { Store } from "./store.ts";

/** Degrees for a CSS pixel of a drag, and for an arrow key. */
const DRAG = 0.4, STEP = 10;
/** Degrees up and down at most: over the poles, right would be left. */
const STEEPEST = 90;
const POINTED = "Drag to turn · scroll to zoom", TOUCHED = "Drag to turn · pinch to zoom";
/** Milliseconds for which is said how to turn, and where it is kept that a person knows. */
const HINT = 9000, KNOWN = "synaptile-turned";

/** Turns a body by hand and by keys. */
export class Turning implements Widget {
  readonly #hint = byId("hint");
  readonly #said = byId("turned");
  #across: Parameter | null = null;
  #down: Parameter | null = null;
  #isHeld = false;
  /** Whether the step of history that is being made is its own. */
  #hasTurned = false;
  #hinting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store,
    private readonly live: Live,
    /** Told when a person takes over. */
    private readonly taken: () => void,
  ) {}

  update(scene: Scene): void {
    const along = (way: "across" | "down") =>
      scene.mode.parameters.find(({ turns }) => turns === way) ?? null;
    const before = this.turns;
    [this.#across, this.#down] = [along("across"), along("down")];
    if (this.turns !== before) this.#tell(this.turns && !isKnown());
    this.#said.textContent = this.turns ? this.#words() : "";
    if (this.#hasTurned && !this.#isHeld) this.#end();
  }

  /** Whether what is shown can be turned. */
  get turns(): boolean {
    return this.#across !== null || this.#down !== null;
  }

  /** A hand drags by so many CSS pixels: the body follows it. */
  drag(x: number, y: number): void {
    this.#isHeld = true;
    this.#turn(-x * DRAG, y * DRAG);
  }

  /** The hand lets go. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.live.settle();
    this.#end();
  }

  /** The camera goes by steps to the right and up. False where there is nothing to turn. */
  step(right: number, up: number): boolean {
    if (this.turns) this.#turn(right * STEP, up * STEP);
    return this.turns;
  }

  /** As it stood at first. */
  reset(): void {
    if (!this.turns) return;
    this.taken();
    this.#hasTurned = true;
    this.live.change(Object.fromEntries(this.#parameters.map(({ name }) => [name, null])));
  }

  #turn(right: number, up: number): void {
    this.taken();
    const changes: Record<string, string | null> = {};
    const [across, down] = [this.#across, this.#down];
    if (across) changes[across.name] = textOf(across, turned(this.#angle(across) + right));
    if (down) {
      const steep = Math.max(-STEEPEST, Math.min(STEEPEST, turned(this.#angle(down)) + up));
      changes[down.name] = textOf(down, Number(steep.toFixed(1)));
    }
    this.live.change(changes);
    this.#hasTurned = true;
    this.#tell(false);
    remember();
  }

  #end(): void {
    this.#hasTurned = false;
    endStep();
  }

  #angle({ name, default: normal }: Parameter): number {
    return Number(this.store.state.options[name] ?? normal);
  }

  get #parameters(): Parameter[] {
    return [this.#across, this.#down].filter((parameter) => parameter !== null);
  }

  #words(): string {
    return this.#parameters.map((parameter) =>
      `${parameter.title} ${this.#angle(parameter)}${parameter.unit ?? ""}`
    ).join(", ");
  }

  #tell(how: boolean): void {
    clearTimeout(this.#hinting);
    this.#hint.textContent = isPhone() ? TOUCHED : POINTED;
    this.#hint.classList.toggle("shown", how);
    if (how) this.#hinting = setTimeout(() => this.#tell(false), HINT);
  }
}

/** Whether what a mode shows can be turned. */
export const turnsOf = ({ parameters }: ModeEntry): boolean =>
  parameters.some(({ turns }) => turns !== undefined);

// A browser may forbid a page to keep anything: then it is told every time.
function isKnown(): boolean {
  try {
    return localStorage.getItem(KNOWN) !== null;
  } catch {
    return false;
  }
}

function remember(): void {
  try {
    localStorage.setItem(KNOWN, "1");
  } catch {
    return;
  }
}
