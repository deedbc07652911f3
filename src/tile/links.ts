import type { Model } from "../model/model.ts";
import { isLatest } from "../model/steps.ts";
import { picturePath, queryString, segment } from "./address.ts";
import type { View } from "./tile.ts";

// Where a view and what is told of it are found. `base` stands before every path: "" for those on the same host.

/** A tile's URL with `{z}`, `{x}` and `{y}` to fill in; it names the version, so it never changes. */
export function tileTemplate(view: View, layer: string, format: string, base = ""): string {
  return `${base}${pathOf("tiles", view, layer)}/{z}/{x}/{y}.${format}${versioned(view)}`;
}

/** What else there is of a picture. */
export function links(view: View, layer: string, base = "") {
  const asked = askedOf(view);
  const query = queryString(asked);
  const dated = queryString(askedOf({ ...view, query: "" }));
  // Some modes draw of a layer what is not its weight.
  const isMain = view.layer === null || view.layer.main.name === view.tensor;
  const drawn = !isMain && view.layer?.name === layer ? view.tensor : layer;
  const to = (kind: string) => base + pathOf(kind, view, layer);
  return {
    tilejson: `${to("tiles")}/tile.json${query}`,
    dzi: `${to("dzi")}.dzi${versioned(view)}`,
    legend: `${to("legend")}.json${query}`,
    legend_svg: `${to("legend")}.svg${query}`,
    legend_png: `${to("legend")}.png${query}`,
    inspect: `${to("inspect")}?${asked.size > 0 ? `${asked}&` : ""}x={x}&y={y}`,
    ...("solid" in view.mode && view.mode.solid === "voxels"
      ? { volume: `${to("volume")}${query}` }
      : {}),
    ...(view.layer === null
      ? { map: `${to("tiles")}/map.json${query}` }
      : { summary: `${base}/summary/${segment(view.model.id)}/${segment(drawn)}${dated}` }),
  };
}

/** The path of what is told of a view. */
export const pathOf = (kind: string, { model, mode }: View, layer: string) =>
  picturePath(kind, { model: model.id, layer, mode: mode.name });

/** What is drawn, and when. */
interface Dated {
  readonly query: string;
  readonly model: Pick<Model, "step" | "steps">;
}

/** The query of a view, at its step and its version. */
export function versioned(view: Dated & Pick<View, "version">): string {
  const parameters = askedOf(view);
  parameters.set("v", view.version);
  return queryString(parameters);
}

/** What a view must be asked for by: its options, and its step. */
export function askedOf({ query, model }: Dated): URLSearchParams {
  const parameters = new URLSearchParams(query);
  if (!isLatest(model)) parameters.set("step", String(model.step));
  return parameters;
}
