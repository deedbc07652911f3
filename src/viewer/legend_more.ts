import { spellNotes } from "../modes/notes.ts";
import type { Colormap, Legend } from "./api.ts";
import { h } from "./dom.ts";
import * as numbers from "./numbers.ts";
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

/** Values without a place on the ramp, counted. */
export const specialOf = ({ special }: Legend): HTMLElement[] =>
  special.filter(({ count }) => count > 0).map(({ name, color, count }) =>
    h(
      "span",
      { title: `${numbers.whole(count)} in this layer` },
      h("i", { style: `background:${color}` }),
      `${name} ${numbers.count(count)}`,
    )
  );

/** The curves of a chart, each with its figures. */
export const curvesOf = ({ curves = [] }: Legend): HTMLElement[] =>
  curves.map(({ name, color, line, about, figures }) => {
    const known = Object.entries(figures).filter(([, value]) => value !== null);
    return h(
      "li",
      { title: about },
      h("i", { class: line, style: `border-color:${color}` }),
      h("span", {}, name),
      h(
        "small",
        {},
        known.map(([name, value]) => `${name} ${numbers.value(value!, 3)}`).join(" · "),
      ),
    );
  });

/** The parts of an opened cell, row by row, each on its own colours. */
export const cellsOf = (
  microcells: NonNullable<Legend["microcells"]>,
  maps: ReadonlyMap<string, Colormap>,
): HTMLElement[] =>
  microcells.map(({ name, colormap }) =>
    h(
      "li",
      { title: `${name}, on ${colormap}` },
      h("i", {
        class: "swatch",
        style: `background:${gradient(maps.get(colormap)?.colors ?? [])}`,
      }),
      h("small", {}, name),
    )
  );
