import type { Box } from "./box.ts";
import { reducedMotion } from "./dom.ts";

/** A copy of what was seen, kept over the map so that a change of tiles never blanks it. */
export class Still {
  #copy: HTMLCanvasElement | null = null;
  #picture: ImageBitmap | null = null;

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

  /** Holds another picture instead, in a box of CSS pixels. */
  replace(picture: ImageBitmap, box: Box): void {
    if (this.#picture !== picture) this.#picture?.close();
    this.#picture = picture;
    this.follow(box);
  }

  /** The box of the picture that was put in its place has moved. */
  follow({ x, y, width, height }: Box): void {
    const [copy, picture] = [this.#copy, this.#picture];
    if (!copy || !picture) return;
    const context = copy.getContext("2d")!;
    const ratio = copy.width / copy.clientWidth;
    context.clearRect(0, 0, copy.width, copy.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, x * ratio, y * ratio, width * ratio, height * ratio);
  }

  /** Lets what is beneath be seen, `suddenly` or by and by. */
  drop(suddenly = reducedMotion()): void {
    const copy = this.#copy;
    if (!copy) return;
    this.#copy = null;
    this.#picture?.close();
    this.#picture = null;
    if (suddenly) return copy.remove();
    copy.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 180, easing: "ease-out" })
      .finished.then(() => copy.remove());
  }
}
