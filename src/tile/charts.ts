import type { Done } from "../compute/jobs.ts";
import { wasm as ops } from "../compute/wasm.ts";
import { NotFound, Unreadable } from "../errors.ts";
import { windowOf } from "../field/canvas.ts";
import { nativeZoom, TILE } from "../field/plane.ts";
import type { Layer, Model } from "../model/model.ts";
import type { ChartMode } from "../modes/chart/mode.ts";
import type { Legend } from "../modes/mode.ts";
import { canonicalQuery, parseOptions } from "../modes/options.ts";
import { chartModes } from "../modes/table.ts";
import type { Job } from "./job.ts";
import type { LayerEntry } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import type { Plan } from "./plans.ts";
import { type Rendered, timed } from "./render.ts";
import type { Summaries } from "./summaries.ts";
import type { Address, Inspection, View } from "./tile.ts";
import { findLayer } from "./view.ts";

/** A layer opened for a mode that draws curves of what its summary tells. */
export interface ChartView extends View {
  readonly layer: Layer;
  readonly mode: ChartMode;
  readonly chart: LayerEntry;
}

export const isChart = <V extends View>(view: V | ChartView): view is ChartView => "chart" in view;

/** Layers as charts. */
export class Charts {
  constructor(private readonly layers: Layers, private readonly summaries: Summaries) {}

  /** The view of a layer or tensor. Throws `NotFound`, and `BadRequest` for the query. */
  view(model: Model, name: string, mode: ChartMode, query: URLSearchParams): ChartView {
    const { layer, tensor } = findLayer(model, name);
    const missing = mode.missing({ ...layer, main: tensor });
    if (missing) {
      const message = `mode "${mode.name}" cannot show "${tensor.name}": it needs ${missing}`;
      throw new NotFound(message, { mode: mode.name, layer: tensor.name, missing });
    }
    const options = parseOptions(mode, query, ["v", "step"]);
    const { width, height } = mode.extent(options), native = nativeZoom(width, height);
    return {
      ...{ model, layer, mode, options, tensor: tensor.name, against: null },
      query: canonicalQuery(mode, options),
      version: model.version,
      chart: this.layers.entry(model, tensor),
      plane: {
        ...{ width, height, tileSize: TILE, nativeZoom: native, minZoom: 0 },
        maxZoom: native + mode.overzoom,
        axes: { rows: [], columns: [], about: "a chart: pixels are no cells" },
      },
    };
  }

  /** What a tile will be made of. */
  plan({ mode, query, layer, chart, plane }: ChartView, address: Address): Plan {
    const { z, x, y, density, crop = false, format } = address;
    const { width, height, columns, rows } = windowOf(plane, { z, x, y, density, crop });
    const tile = TILE * density, size = tile * 2 ** z;
    const sight = { size, density, x: x * tile, y: y * tile, width, height, columns, rows };
    return {
      content: chart.id,
      share: 1,
      draw: async (signal) => {
        const found = await this.summaries.measured(layer, chart, signal);
        const job: Job = {
          ...{ kind: "chart", context: chart.id, mode: mode.name, query, found, sight, format },
        };
        return await this.layers.run<Rendered>(chart, job, signal);
      },
    };
  }

  async legend({ mode, options, layer, chart }: ChartView, signal?: AbortSignal): Promise<Legend> {
    return mode.legend(options, await this.summaries.measured(layer, chart, signal));
  }

  /** What is drawn at a pixel of 2^`log2` a side. Throws `NotFound` where nothing is. */
  async inspect(
    { mode, options, layer, chart, plane, tensor }: ChartView,
    x: number,
    y: number,
    log2: number,
    signal?: AbortSignal,
  ): Promise<Inspection> {
    const width = plane.width / 2 ** log2, height = Math.ceil(plane.height / 2 ** log2);
    if (x < 0 || y < 0 || x >= width || y >= height) {
      const z = plane.nativeZoom - log2;
      throw new NotFound(
        `(${x}, ${y}) is beyond the image of ${width} × ${height} pixels at zoom ${z}`,
        { x, y, z, width, height },
      );
    }
    const found = await this.summaries.measured(layer, chart, signal);
    const at = { x: x + 0.5, y: y + 0.5, size: width };
    const reading = mode.read(options, found, at);
    if (!reading) {
      const message = `no number is drawn at (${x}, ${y}) of an image ${width} pixels wide`;
      throw new NotFound(message, { x, y, width, height });
    }
    const { name, place, value, of } = reading;
    const cell = { ...of, gradient: null, positive: null };
    return { tensor, index: [place], value, cell, reading: name };
  }
}

/** Draws a tile of a chart. */
export async function drawChart(job: Job & { readonly kind: "chart" }): Promise<Done> {
  const mode = chartModes.find(({ name }) => name === job.mode);
  if (!mode) throw new Unreadable(`there is no chart "${job.mode}"`);
  const { columns: width, rows: height } = job.sight;
  const options = parseOptions(mode, new URLSearchParams(job.query));
  const draw = mode.prepare(options, job.found);
  const value = await timed(ops, { read: 0, decode: 0 }, job.format, () => {
    const { pixels, values } = draw(job.sight);
    return { pixels: { kind: "rgba", pixels, width, height }, values };
  });
  return { value, transfer: [value.bytes.buffer] };
}
