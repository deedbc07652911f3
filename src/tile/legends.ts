import type { Notes } from "../analysis/derive/recipe.ts";
import type { Legend } from "../modes/mode.ts";
import type { Model } from "../model/model.ts";
import { type Charts, isChart } from "./charts.ts";
import type { Ingest } from "./ingest.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import { isMap, type Maps } from "./maps.ts";
import { estimated } from "./sample.ts";
import type { View } from "./tile.ts";
import type { OpenView } from "./view.ts";
import { isVolume, type Volumes } from "./volumes.ts";

/** Which colour means which value, for views of any kind. */
export class Legends {
  constructor(
    private readonly layers: Layers,
    private readonly maps: Maps,
    private readonly volumes: Volumes,
    private readonly charts: Charts,
    private readonly ingestOf: (model: Model) => Ingest | undefined,
  ) {}

  /** A view's legend, from an estimate while no more is known of its layer. */
  async of(view: View, signal?: AbortSignal): Promise<Legend> {
    if (isMap(view)) return await this.maps.legend(view, signal);
    if (isChart(view)) return await this.charts.legend(view, signal);
    if (isVolume(view)) return await this.volumes.legend(view, signal);
    const { entry, options, mode, slopes } = view as OpenView;
    const needs = { facts: true, channels: mode.needsChannels(options), pyramid: false };
    const look = entry.isDefault ? this.ingestOf(view.model)?.coming(view.tensor) ?? null : null;
    const basis = this.layers.basis(this.layers.current(entry), needs, { look });
    await this.layers.ready(basis.entry, needs, signal);
    const notes = notesOf(entry), shown = mode.legend(options, basis.entry.facts!, slopes);
    const legend = notes ? { ...shown, notes } : shown;
    return basis.share < 1 ? estimated(legend, basis.share) : legend;
  }
}

/** What was found on the way to cells that are made of one tensor. */
function notesOf({ derived }: LayerEntry): Notes | null {
  const [notes, ...others] = derived?.notes ?? [];
  return notes && others.length === 0 && Object.keys(notes).length > 0 ? notes : null;
}
