import { isOfFile } from "../errors.ts";
import { SAMPLED_FROM } from "../field/levels/sampled.ts";
import type { Model } from "../model/model.ts";
import { SingleFlight } from "../storage/flight.ts";
import type { Against } from "./against.ts";
import type { Sheet } from "./atlases.ts";
import type { Ingest } from "./ingest.ts";
import { FAR, isSoon, type LayerEntry, type Needs } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";

/** What is drawn on a map, whatever the mode. */
export interface Subject extends Sheet {
  readonly model: Model;
  readonly against: Against | null;
  readonly version: string;
}

/** Layers that are asked about at once: far from filling the queue of jobs. */
const AT_ONCE = 256;

/** First looks at the layers of maps, so that something is known of each before any is read whole. */
export class Looks {
  readonly #flight = new SingleFlight<void>();

  constructor(
    private readonly layers: Layers,
    private readonly ingestOf: (model: Model) => Ingest | undefined,
  ) {}

  /** Makes sure that something is known of every plane of a map. */
  async survey(subject: Subject, signal?: AbortSignal): Promise<void> {
    const { atlas } = subject;
    const { planes } = atlas.layout;
    const unknown = planes.keys().filter((i) => atlas.known(i) === "nothing").toArray();
    if (unknown.length === 0) return;
    await this.#flight.run(
      contentOf(subject, "survey"),
      (signal) => inTurns(unknown, (i) => this.#look(subject, i, signal)),
      signal,
    );
  }

  /** A first look at a plane, or, where it is small or no ingest will come to it, all of it. */
  async #look(subject: Subject, i: number, signal: AbortSignal): Promise<void> {
    const { atlas } = subject;
    const whole = this.entry(subject, i);
    const needs: Needs = { facts: true, channels: "none", pyramid: true };
    const { entry } = this.layers.basis(whole, needs, { look: this.lookOf(subject, whole) });
    try {
      await this.layers.ready(entry, needs, signal);
    } catch (error) {
      if (!isOfFile(error)) throw error;
      atlas.fail(i);
      return;
    }
    const { estimate, facts } = entry;
    if (estimate?.kind === "lines" && estimate.survey) atlas.estimate(i, estimate.survey);
    else {
      const slots = await this.layers.figures(entry, atlas.overview.grid, signal);
      atlas.put(i, slots, facts!.scale);
    }
  }

  /** Share of these regions' cells, or of all, that is or will be exact when it is drawn. */
  shareOf(subject: Subject, regions?: readonly number[]): number {
    const { atlas } = subject;
    return this.#isEstimated(subject) || atlas.isLacking ? atlas.share(regions) : 1;
  }

  /** The layer of a plane, compared where the map is. */
  entry({ model, atlas, rivals }: Subject, plane: number): LayerEntry {
    const { tensor } = atlas.layout.planes[plane]!.plane;
    return this.layers.entry(model, tensor, undefined, rivals?.[plane]);
  }

  /** Whether what is known of some layers may be an estimate. */
  #isEstimated({ model, against, atlas: { layout, absent } }: Subject): boolean {
    const ingest = this.ingestOf(model);
    if (!against) return ingest !== undefined && !ingest.isDone;
    const looks = ingest ?? model.fetch ?? against.model.fetch;
    return looks !== undefined &&
      layout.planes.some(({ plane: { cells } }, i) => !absent.has(i) && !isSoon(cells, true));
  }

  /**
   * How coarse a first look at a layer is; null where it is read at once. No ingest comes to layers
   * that are compared: where models are large enough for one, a look at them has to do.
   */
  lookOf({ model, against, atlas: { layout } }: Subject, { plane, fetch }: LayerEntry) {
    const ingest = this.ingestOf(model);
    const coming = ingest?.coming(plane.tensor.name) ?? null;
    if (coming !== null && !against) return coming;
    if (fetch) return Math.max(FAR, layout.align);
    return against && ingest ? Math.max(SAMPLED_FROM, layout.align) : null;
  }
}

/** What a picture of a map follows from, besides its address. */
export const contentOf = (
  { model, version, against }: Subject,
  ...further: readonly unknown[]
): string =>
  JSON.stringify([
    model.id,
    version,
    model.step,
    against && [against.model.id, against.model.step, against.how],
    ...further,
  ]);

/** Does something for each item, some at a time. */
export async function inTurns<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
  }
}
