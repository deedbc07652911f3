import type { Model } from "../model/model.ts";
import { chartModes, volumeModes, wholeModes } from "../modes/table.ts";
import { WHOLE } from "./address.ts";
import { type Charts, type ChartView, isChart } from "./charts.ts";
import type { MapView } from "./map_plans.ts";
import { isMap, type Maps } from "./maps.ts";
import type { Address } from "./tile.ts";
import type { OpenView, Views } from "./view.ts";
import { isVolume, type Volumes, type VolumeView } from "./volumes.ts";

/** Whatever is looked at. */
export type AnyView = OpenView | MapView | VolumeView | ChartView;

/** What opens each kind of view. */
export interface Openers {
  readonly maps: Maps;
  readonly views: Views;
  readonly volumes: Volumes;
  readonly charts: Charts;
}

/** The view of a layer, or of the whole model for "_", in that mode. Throws `NotFound` and `BadRequest`. */
export function openView(
  { maps, views, volumes, charts }: Openers,
  model: Model,
  layer: string,
  mode: string,
  query: URLSearchParams,
): AnyView {
  const named = ({ name }: { readonly name: string }) => name === mode;
  if (layer === WHOLE) {
    const whole = wholeModes.find(named);
    return whole ? views.whole(model, whole, query) : maps.view(model, mode, query);
  }
  const solid = volumeModes.find(named);
  if (solid) return volumes.view(model, layer, solid, query);
  const chart = chartModes.find(named);
  if (chart) return charts.view(model, layer, chart, query);
  return views.open(model, layer, mode, query);
}

/** What a view is of a tile of that zoom. */
export function drawnView(view: AnyView, { z, density }: Address, { views }: Openers): AnyView {
  if (isMap(view) || isVolume(view) || isChart(view)) return view;
  return views.zoomed(view, view.plane.nativeZoom - z - (density - 1));
}
