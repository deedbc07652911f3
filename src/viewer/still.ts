import { reducedMotion } from "./dom.ts";

/** A copy of what was seen, kept over the map so that a change of tiles never blanks it. */
export class Still {
  #copy: HTMLCanvasElement | null = null;

  constructor(private readonly element: HTMLElement) {}

  hold(drawn: HTMLCanvasElement): void {
    if (this.#copy) return;
    const copy = document.createElement("canvas");
    copy.className = "still";
    copy.width = drawn.width;
    copy.height = drawn.height;
    copy.getContext("2d")!.drawImage(drawn, 0, 0);
    this.element.append(copy);
    this.#copy = copy;
  }

  drop(): void {
    const copy = this.#copy;
    if (!copy) return;
    this.#copy = null;
    if (reducedMotion()) return copy.remove();
    copy.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 180, easing: "ease-out" })
      .finished.then(() => copy.remove());
  }
}
