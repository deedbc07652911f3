import { around, type Box } from "./box.ts";
import { byId } from "./dom.ts";
import type { Guide, Item, Region } from "./guide.ts";
import { placeLabels, type Wish } from "./labels.ts";
import type { PlaneMap } from "./map.ts";

/** CSS pixels: of letters, of the room around them, and of the least side that is outlined. */
const LETTERS = 11, PAD_X = 5, LINE = 18, OUTLINED = 28;
/** Milliseconds for which something that was looked for stays marked, and its mark's fading. */
const MARKED = 2600, FADING = 600;

const ranks = { optimizer: 0, blocks: 1, block: 2, branch: 3, tensor: 4 } as const;
/** What the name of a branch or a tensor takes of it at most, so that its picture is still seen. */
const ACROSS = 0.5, DOWN = 0.45;
/** CSS pixels that one is wide at least for its name to be of use. */
const READ = 96;

/** Names, outlines and the bars of branches, drawn over the map's tiles in the same frame as they. */
export class Outline {
  readonly canvas = byId("labels") as HTMLCanvasElement;
  readonly #context = this.canvas.getContext("2d")!;
  readonly #widths = new Map<string, number>();
  #guide: Guide | null = null;
  #withLabels = true;
  #hovered: Region | null = null;
  #marked: { readonly boxes: readonly Box[]; readonly until: number } | null = null;
  #drawn = "";
  #revision = 0;
  #colors = { ink: "", ground: "", line: "", accent: "" };

  constructor(private readonly map: PlaneMap) {}

  /** What to draw; null off the map. */
  show(guide: Guide | null, withLabels: boolean): void {
    if (guide !== this.#guide) [this.#hovered, this.#marked] = [null, null];
    this.#guide = guide;
    this.#withLabels = withLabels;
    this.#redraw();
  }

  hover(region: Region | null): void {
    if (region === this.#hovered) return;
    this.#hovered = region;
    this.#redraw();
  }

  /** Marks what was looked for, for a moment. */
  mark(boxes: readonly Box[]): void {
    this.#marked = { boxes, until: performance.now() + MARKED };
    this.#redraw();
  }

  /** The theme has changed, or what is drawn. */
  #redraw(): void {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => style.getPropertyValue(name).trim();
    this.#colors = {
      ink: color("--map-ink"),
      ground: color("--map-halo"),
      line: color("--map-line"),
      accent: color("--map-bar"),
    };
    this.#revision++;
    this.follow();
  }

  /** The map has moved. */
  follow(): void {
    const { map, canvas } = this;
    const { width, height } = map.size;
    const ratio = devicePixelRatio;
    const view = map.plane && this.#guide ? map.view : null;
    const key = JSON.stringify([view, width, height, ratio, this.#revision]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across || canvas.height !== down) {
      canvas.width = across;
      canvas.height = down;
    }
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, across, down);
    if (!view || !this.#guide) return;
    context.scale(ratio, ratio);
    this.#draw(this.#guide, view);
  }

  #draw(guide: Guide, view: Box): void {
    const { map } = this;
    const zoom = map.plane!.nativeZoom + Math.log2(map.scale);
    const items = guide.inView(view, zoom);
    this.#outlines(items);
    if (this.#withLabels) this.#bars(items);
    if (this.#hovered) this.#ring([this.#hovered], 1.5, 0.9);
    this.#marks();
    if (this.#withLabels) this.#labels(items);
  }

  #outlines(items: readonly Item[]): void {
    const context = this.#context;
    context.lineWidth = 1;
    context.strokeStyle = this.#colors.line;
    context.beginPath();
    for (const item of items) {
      const { x, y, width, height } = this.#onScreen(item);
      if (item.kind === "tensor" || Math.min(width, height) < OUTLINED) continue;
      context.rect(Math.round(x) - 0.5, Math.round(y) - 0.5, Math.round(width) + 1, height + 1);
    }
    context.stroke();
  }

  #bars(items: readonly Item[]): void {
    const context = this.#context;
    context.fillStyle = this.#colors.accent;
    for (const item of items) {
      if (!item.bar) continue;
      const { x, y, width, height } = this.#onScreen(item.bar);
      const thick = Math.min(6, Math.max(1.5, height));
      context.fillRect(x, y + height - thick, width, thick);
    }
  }

  #ring(boxes: readonly Box[], thick: number, alpha: number): void {
    const context = this.#context;
    context.globalAlpha = alpha;
    for (const [color, width] of [["#000", thick + 2], ["#fff", thick]] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      for (const box of boxes) {
        const { x, y, width, height } = this.#onScreen(box);
        context.roundRect(x - 1, y - 1, width + 2, height + 2, 1.5);
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #marks(): void {
    if (!this.#marked) return;
    const left = this.#marked.until - performance.now();
    if (left <= 0) return void (this.#marked = null);
    const context = this.#context;
    const { boxes } = this.#marked;
    const all = this.#onScreen(around(boxes));
    context.globalAlpha = Math.min(1, left / FADING);
    // All but what was looked for steps back.
    context.fillStyle = this.#colors.ground;
    context.beginPath();
    context.rect(0, 0, this.map.size.width, this.map.size.height);
    for (const box of boxes) {
      const { x, y, width, height } = this.#onScreen(box);
      context.rect(x, y + height, width, -height);
    }
    context.globalAlpha *= 0.55;
    context.fill("evenodd");
    context.globalAlpha = 1;
    // Something tiny is found by a ring around it.
    if (Math.max(all.width, all.height) < 2 * OUTLINED) {
      context.lineWidth = 2;
      context.strokeStyle = "#ffd34d";
      context.beginPath();
      const [x, y] = [all.x + all.width / 2, all.y + all.height / 2];
      context.ellipse(x, y, OUTLINED, OUTLINED, 0, 0, 2 * Math.PI);
      context.stroke();
    }
    requestAnimationFrame(() => {
      this.#drawn = "";
      this.follow();
    });
  }

  #labels(items: readonly Item[]): void {
    const context = this.#context;
    context.font = `500 ${LETTERS}px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif`;
    context.textBaseline = "middle";
    const wishes = items.flatMap((item): Wish[] => {
      const box = this.#onScreen(item);
      const wish = { box, text: item.label, width: this.#widthOf(item.label), height: LINE };
      const rank = ranks[item.kind];
      const isSmall = box.width < Math.max(READ, wish.width / ACROSS) || LINE > DOWN * box.height;
      return rank >= ranks.branch && isSmall ? [] : [{ ...wish, rank }];
    });
    const { width, height } = this.map.size;
    const { top, left, right } = this.map.margins();
    const free = {
      x: left - 12,
      y: top - 8,
      width: width - left - right + 24,
      height: height - top,
    };
    for (const { text, x, y, width: across, rank } of placeLabels(wishes, free)) {
      context.globalAlpha = rank === ranks.tensor ? 0.66 : 0.88;
      context.fillStyle = this.#colors.ground;
      context.beginPath();
      context.roundRect(x + 2, y + 2, across - 2, LINE - 2, 3);
      context.fill();
      context.globalAlpha = 1;
      context.fillStyle = this.#colors.ink;
      context.fillText(text, x + PAD_X + 1, y + LINE / 2 + 1.5);
    }
  }

  #widthOf(text: string): number {
    let width = this.#widths.get(text);
    if (width === undefined) {
      width = this.#context.measureText(text).width + 2 * PAD_X + 2;
      this.#widths.set(text, width);
    }
    return width;
  }

  #onScreen({ x, y, width, height }: Box): Box {
    return this.map.rectOf(x, y, width, height);
  }
}
