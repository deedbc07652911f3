import type { PlaneInfo } from "./api.ts";
import { byId, fill, h } from "./dom.ts";
import type { PlaneMap } from "./map.ts";
import type { Scene, Widget } from "./scene.ts";
import type { Store } from "./store.ts";
import { loadTile, looksOf, tileAddress } from "./tiles.ts";

// CSS pixels of the longer side; the shorter one is widened where it would be a hair.
const SIDE = 120, THIN = 16;

/** Where the view lies on the whole plane, which one tile of zoom 0 shows; and how large cells are. */
export class Minimap implements Widget {
  readonly #root = byId("minimap");
  readonly #scale = byId("scale");
  readonly #window = h("i", { class: "window" });
  readonly #picture = h("canvas");
  #shown = "";
  #cells = true;
  #isEstimate = false;

  constructor(private readonly store: Store, private readonly map: PlaneMap) {
    const jump = (event: PointerEvent) => {
      if (event.buttons !== 1) return;
      const { left, top, width, height } = this.#root.getBoundingClientRect();
      const { plane, place } = this.map;
      if (!plane || !place) return;
      const x = (event.clientX - left) / width * plane.width;
      this.map.go({ ...place, x, y: (event.clientY - top) / height * plane.height });
    };
    this.#root.addEventListener("pointerdown", jump);
    this.#root.addEventListener("pointermove", jump);
  }

  update({ plane, subject, legend, mode }: Scene): void {
    this.#cells = mode.cells;
    const looks = looksOf(legend, this.store.state.channel);
    const longer = Math.max(plane.width, plane.height);
    const [width, height] = [plane.width, plane.height].map((v) =>
      Math.max(THIN, v / longer * SIDE)
    ) as [number, number];
    this.#root.style.width = `${width}px`;
    this.#root.style.height = `${height}px`;
    fill(this.#root, this.#picture, this.#window);
    this.follow();
    const address = tileAddress(subject, looks, 0, 0, 0);
    if (address !== this.#shown) this.#draw(plane, address);
  }

  /** More has been read: an estimate is drawn anew. */
  renew(): void {
    if (this.#isEstimate && this.map.plane) this.#draw(this.map.plane, this.#shown, "no-cache");
  }

  async #draw(
    { width, height, nativeZoom }: PlaneInfo,
    address: string,
    cache: RequestCache = "default",
  ): Promise<void> {
    this.#shown = address;
    // The map itself says what is wrong with a tile.
    const loaded = await loadTile(address, { cache }).catch(() => null);
    if (address !== this.#shown || !loaded) return;
    const { picture: tile } = loaded;
    this.#isEstimate = loaded.share < 1;
    const [across, down] = [width, height].map((v) => v / 2 ** nativeZoom) as [number, number];
    this.#picture.width = Math.ceil(across);
    this.#picture.height = Math.ceil(down);
    this.#picture.getContext("2d")!.drawImage(tile, 0, 0);
    tile.close();
  }

  /** The map has moved. */
  follow(): void {
    const { map } = this;
    if (!map.plane) return;
    this.#scale.textContent = this.#cells
      ? scaleText(map.scale)
      : `${rounded(map.magnification)} ×`;
    const whole = map.rectOf(0, 0, map.plane.width, map.plane.height);
    const { width, height } = map.size;
    const seen = whole.x >= -1 && whole.y >= -1 && whole.x + whole.width <= width + 1 &&
      whole.y + whole.height <= height + 1;
    this.#root.hidden = seen;
    const percent = (v: number) => `${Math.max(-1, Math.min(101, 100 * v))}%`;
    this.#window.style.left = percent(-whole.x / whole.width);
    this.#window.style.top = percent(-whole.y / whole.height);
    this.#window.style.right = percent(1 - (width - whole.x) / whole.width);
    this.#window.style.bottom = percent(1 - (height - whole.y) / whole.height);
  }
}

const rounded = (v: number) => v >= 10 ? Math.round(v) : Number(v.toFixed(1));

function scaleText(scale: number): string {
  if (scale >= 0.995) return `1 cell = ${rounded(scale)} px`;
  return `1 px = ${rounded(1 / scale)} cells`;
}
