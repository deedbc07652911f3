import type { Box } from "./box.ts";
import { reducedMotion } from "./dom.ts";
import type { Shot } from "./shot.ts";

/** A copy of what was seen, kept over the map so that a change of tiles never blanks it. */
export class Still {
  #copy: HTMLCanvasElement | null = null;
  #shot: Shot | null = null;

  constructor(private readonly element: HTMLElement) {}

  get isHeld(): boolean {
    return this.#copy !== null;
  }

  /** Holds what is drawn; an `opaque` copy hides what comes beneath it. */
  hold(drawn: HTMLCanvasElement, opaque = false): void {
    if (this.#copy) return;
    const copy = document.createElement("canvas");
    copy.className = opaque ? "still opaque" : "still";
    copy.width = drawn.width;
    copy.height = drawn.height;
    copy.getContext("2d")!.drawImage(drawn, 0, 0);
    this.element.append(copy);
    this.#copy = copy;
  }

  /** Holds another picture instead, of a plane that lies in a box of CSS pixels. */
  replace(shot: Shot, whole: Box): void {
    if (this.#shot !== shot) this.#shot?.picture.close();
    this.#shot = shot;
    this.follow(whole);
  }

  /** The box of the plane whose picture was put in its place has moved. */
  follow(whole: Box): void {
    const [copy, shot] = [this.#copy, this.#shot];
    if (!copy || !shot) return;
    const { picture, part } = shot;
    const context = copy.getContext("2d")!;
    const ratio = copy.width / copy.clientWidth;
    context.clearRect(0, 0, copy.width, copy.height);
    context.imageSmoothingQuality = "high";
    const x = (whole.x + part.x * whole.width) * ratio;
    const y = (whole.y + part.y * whole.height) * ratio;
    const width = part.width * whole.width * ratio, height = part.height * whole.height * ratio;
    // Pixel on pixel where there are as many.
    if (Math.abs(width - picture.width) < 1 && Math.abs(height - picture.height) < 1) {
      context.drawImage(picture, Math.round(x), Math.round(y));
    } else context.drawImage(picture, x, y, width, height);
  }

  /** Lets what is beneath be seen, `suddenly` or by and by. */
  drop(suddenly = reducedMotion()): void {
    const copy = this.#copy;
    if (!copy) return;
    this.#copy = null;
    this.#shot?.picture.close();
    this.#shot = null;
    if (suddenly) return copy.remove();
    copy.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 180, easing: "ease-out" })
      .finished.then(() => copy.remove());
  }
}
