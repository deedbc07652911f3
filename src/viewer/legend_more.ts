import { spellNotes } from "../modes/notes.ts";
import type { Legend } from "./api.ts";
import { h } from "./dom.ts";
import { gradient } from "./ramp.ts";

const ANGLES = [-180, -90, 0, 90, 180];

/** What a legend tells besides a ramp: what hues mean, and what was found on the way. */
export const moreOf = ({ hues, notes }: Legend): HTMLElement[] => [
  ...hues
    ? [
      h("div", { class: "hues", style: `background:${gradient(hues.colors)}` }),
      h(
        "div",
        { class: "ticks", "aria-hidden": "true" },
        ...ANGLES.map((angle) =>
          h("span", { style: `left:${(angle + 180) / 3.6}%` }, `${angle}°`.replace("-", "−"))
        ),
      ),
      h("p", { class: "about" }, hues.about),
    ]
    : [],
  ...notes ? [h("p", { class: "about" }, spellNotes(notes))] : [],
];
