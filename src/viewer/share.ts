import * as api from "./api.ts";
import { absolute, byId, fill, h } from "./dom.ts";
import { type Icon, icon } from "./icons.ts";
import type { PlaneMap } from "./map.ts";
import type { Scene, Widget } from "./scene.ts";
import * as snippets from "./snippets.ts";
import { formatState } from "./state.ts";
import type { Store } from "./store.ts";

/** Ways to take the view elsewhere: a link, an embedding, a picture. */
export class ShareMenu implements Widget {
  #scene: Scene | null = null;

  constructor(
    private readonly store: Store,
    private readonly map: PlaneMap,
    private readonly above: HTMLCanvasElement,
    private readonly say: (sentence: string) => void,
    report: (error: unknown) => void,
  ) {
    const root = byId("share");
    const item = (name: Icon, text: string, act: () => Promise<void>) =>
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            root.hidePopover();
            act().catch(report);
          },
        },
        icon(name),
        text,
      );
    fill(
      root,
      item("share", "Copy link", () => this.#copy(this.#address(), "The link is copied.")),
      item("fit", "Save picture", () => this.#save()),
      h("h3", {}, "Embed"),
      item(
        "layers",
        "Copy frame",
        () => this.#copy(snippets.frame(this.#address()), "The frame's HTML is copied."),
      ),
      item("layers", "Copy for OpenSeadragon", () =>
        this.#copy(
          snippets.openSeadragon(this.#scene!.subject, absolute("./")),
          "The OpenSeadragon snippet is copied.",
        )),
      item("layers", "Copy for Leaflet", () =>
        this.#copy(
          snippets.leaflet(this.#scene!.subject, this.#scene!.plane, absolute("./")),
          "The Leaflet snippet is copied.",
        )),
    );
  }

  update(scene: Scene): void {
    this.#scene = scene;
  }

  #address(): string {
    return new URL(formatState({ ...this.store.state, place: this.map.place }), location.href).href;
  }

  async #copy(text: string, done: string): Promise<void> {
    await copy(text);
    this.say(done);
  }

  async #save(): Promise<void> {
    const ground = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
    const url = URL.createObjectURL(await this.map.png(ground, this.above));
    const { model, layer, mode } = this.#scene!.subject;
    const what = layer === api.WHOLE ? mode : `${layer} ${mode}`;
    const name = `${model} ${what}.png`.replaceAll(/[^\w.-]+/g, "-");
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

/** Puts text on the clipboard, also where a page over plain HTTP may not use the new way. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return await navigator.clipboard.writeText(text);
  const field = h("textarea", { style: "position:fixed;opacity:0" }, text);
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** Addresses of what is in the middle of the view, and the command that fetches it. */
export function links({ subject, plane }: Scene, map: PlaneMap): HTMLElement {
  const place = map.place ?? { x: 0, y: 0, z: 0 };
  const z = Math.max(0, Math.min(plane.maxZoom, Math.round(place.z)));
  const tile = (v: number, cells: number) => {
    const inside = Math.max(0, Math.min(cells - 1, v));
    return Math.floor(inside * 2 ** (z - plane.nativeZoom) / plane.tileSize);
  };
  const [x, y] = [tile(place.x, plane.width), tile(place.y, plane.height)];
  const link = (text: string, url: string) =>
    h("a", { href: url, target: "_blank", rel: "noopener" }, text);
  const png = api.tileUrl(subject, z, x, y);
  const npy = api.tileUrl(subject, z, x, y, { format: "npy" });
  return h(
    "figure",
    { class: "links" },
    h("figcaption", {}, `The tile in the middle, ${z}/${x}/${y}`),
    h(
      "p",
      {},
      link("PNG", png),
      link("numbers (.npy)", npy),
      link("legend", api.legendUrl(subject, "svg")),
      link("catalogue", `models/${api.path(subject)}${api.query(subject)}`),
    ),
    h("code", { tabindex: 0 }, `curl -O '${absolute(npy)}'`),
  );
}
