import * as api from "./api.ts";
import type { Inspection } from "./api.ts";
import { byId, fill, h, throttle } from "./dom.ts";
import type { Frame } from "./guide.ts";
import type { Journey } from "./journey.ts";
import type { PlaneMap } from "./map.ts";
import * as numbers from "./numbers.ts";
import type { Outline } from "./outline.ts";
import { isWhole, type Scene, type Widget } from "./scene.ts";
import { around, type Block, type Square, squareOf } from "./square.ts";
import type { Point } from "./state.ts";

/** The value under the pointer, read from the server as the pointer moves. */
export class Hover implements Widget {
  readonly #root = byId("readout");
  readonly #frame = byId("hovered");
  #scene: Scene | null = null;
  #block: Block | null = null;
  /** What was read last, so that a pointer that moves about in it sees no other frame meanwhile. */
  #square: Square | null = null;
  #branch: Frame | null = null;
  #pointer: Point | null = null;
  #waiting = new AbortController();
  readonly #ask = throttle(60, () => void this.#load());

  constructor(
    element: HTMLElement,
    private readonly map: PlaneMap,
    private readonly journey: Journey,
    private readonly outline: Outline,
  ) {
    element.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch") return;
      const { left, top } = element.getBoundingClientRect();
      this.#pointer = { x: event.clientX - left, y: event.clientY - top };
      this.follow();
    });
    element.addEventListener("pointerleave", () => {
      this.#pointer = null;
      this.follow();
    });
  }

  update(scene: Scene): void {
    this.#scene = scene;
    this.#block = this.#square = null;
    this.follow();
  }

  /** The pointer or the map has moved. */
  follow(): void {
    const cell = this.#pointer && this.map.cellAt(this.#pointer);
    const block = cell && this.#onSomething(cell) ? blockAt(cell, this.map) : null;
    this.#outline(block);
    this.outline.hover(cell && this.journey.guide?.at(cell) || null);
    const branch = cell && !block ? this.journey.guide?.branchAt(cell) ?? null : null;
    if (same(block, this.#block) && branch === this.#branch) return;
    [this.#block, this.#branch] = [block, branch];
    this.#waiting.abort();
    if (block) this.#ask();
    else if (branch) this.#tell(branch);
    else this.#root.hidden = true;
  }

  async #load(): Promise<void> {
    const [block, scene] = [this.#block, this.#scene];
    if (!block || !scene) return;
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    try {
      const found = await inspectBlock(scene, block, signal);
      if (!signal.aborted) this.#show(found, block);
    } catch (error) {
      // A pointer that moves on must not raise a notice; the next reading tells.
      if (api.isAbort(error)) return;
      if (!(error instanceof api.Problem)) throw error;
      this.#root.hidden = true;
    }
  }

  /** Between the tensors of a map there is nothing to read, nor on pictures that say so. */
  #onSomething(cell: Point): boolean {
    if (this.#scene && !this.#scene.mode.readable) return false;
    if (!this.#scene || !isWhole(this.#scene)) return true;
    return Boolean(this.journey.guide?.at(cell));
  }

  /** What a bar in the gutter stands for. */
  #tell({ name, norm, relative }: Frame): void {
    this.#root.hidden = false;
    fill(
      this.#root,
      h("p", { class: "where", title: name }, h("span", {}, name)),
      h(
        "span",
        { class: "what" },
        h("small", {}, `‖W‖, ${numbers.value(100 * (relative ?? 0), 3)} % of the largest`),
        numbers.value(norm ?? NaN),
      ),
    );
  }

  #show(found: Inspection, block: Block): void {
    const { log2 } = block;
    this.#root.hidden = false;
    this.#square = squareOf(block, found);
    this.#outline(block);
    const [name, text] = reading(found, log2);
    fill(
      this.#root,
      where(found, log2),
      h("span", { class: "what" }, name ? h("small", {}, name) : null, text),
    );
  }

  #outline(block: Block | null): void {
    const square = block && around(this.#square, block);
    this.#frame.hidden = !square || !this.#scene?.mode.cells || square.side * this.map.scale < 5;
    if (square) place(this.#frame, this.map, square.x, square.y, square.side);
  }
}

/** The block that one pixel of the tiles on screen stands for. */
export function blockAt({ x, y }: Point, map: PlaneMap): Block {
  const native = map.plane!.nativeZoom;
  const z = Math.max(0, Math.min(native, Math.round(native + Math.log2(map.scale))));
  const log2 = native - z;
  return { x: Math.floor(x / 2 ** log2), y: Math.floor(y / 2 ** log2), log2 };
}

export function inspectBlock({ subject, plane }: Scene, block: Block, signal: AbortSignal) {
  const z = block.log2 === 0 ? undefined : plane.nativeZoom - block.log2;
  return api.inspect(subject, block.x, block.y, z, signal);
}

/** What to call the number of a block, and the number. */
export function reading(found: Inspection, log2: number): [string, string] {
  const { value, special, cell, cube, norm, reading } = found;
  if (reading) return [reading, numbers.value(value ?? NaN, 4)];
  const side = cube?.side ?? 2 ** log2;
  if (side === 1) {
    const name = typeof norm === "number" ? `norm ${numbers.value(norm)}, relative` : "";
    return [name, special ?? numbers.value(value ?? NaN, 6)];
  }
  const { mean } = cube ?? cell;
  return [
    `mean of ${numbers.shape(Array(cube ? 3 : 2).fill(side))}`,
    mean === null ? "no finite value" : numbers.value(mean),
  ];
}

/** The tensor and the index in it: [3, 14], or [3…, 14…] for the first cell of a block; of a chart no index. */
export function where({ tensor, index, reading }: Inspection, log2: number): HTMLElement {
  const text = reading ? "" : `[${index.map((i) => log2 > 0 ? `${i}…` : String(i)).join(", ")}]`;
  return h("p", { class: "where", title: tensor }, h("span", {}, tensor), h("b", {}, text));
}

/** Lays a frame over cells of the map. */
export function place(frame: HTMLElement, map: PlaneMap, x: number, y: number, side: number): void {
  const rect = map.rectOf(x, y, side, side);
  frame.style.translate = `${Math.round(rect.x)}px ${Math.round(rect.y)}px`;
  frame.style.width = `${Math.round(rect.width)}px`;
  frame.style.height = `${Math.round(rect.height)}px`;
}

const same = (a: Block | null, b: Block | null) =>
  a === b || (a !== null && b !== null && a.x === b.x && a.y === b.y && a.log2 === b.log2);
