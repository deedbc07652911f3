import { joinScales } from "../analysis/join_scales.ts";
import type { Scale } from "../analysis/scale.ts";
import type { Urgency } from "../compute/pool.ts";
import type { Facts } from "../modes/mode.ts";
import { inLanes } from "./lanes.ts";
import type { Job } from "./job.ts";
import type { LayerEntry, Needs } from "./layer_entry.ts";
import type { Layers } from "./layers.ts";
import type { VolumeWork } from "./volume_job.ts";

/** Layers that are measured at once. */
const AT_ONCE = 2;

/** A job on a volume, but for the layers that it is of. */
export type StackWork = VolumeWork extends infer Work
  ? Work extends unknown ? Omit<Work, "context"> : never
  : never;

/** The layers that a volume is made of, one behind the other: of most just one. */
export class Stack {
  /** Names them all, in that version of the model. */
  readonly id: string;

  constructor(private readonly layers: Layers, readonly entries: readonly LayerEntry[]) {
    this.id = entries.map(({ id }) => id).join(" ");
  }

  /** Resolves once all layers have what is needed. */
  async ready(needs: Needs, signal?: AbortSignal): Promise<void> {
    const { entries } = this;
    await inLanes(AT_ONCE, entries.length, (i) => this.layers.ready(entries[i]!, needs, signal));
  }

  /** What is known of each layer. Only once they are ready. */
  get facts(): readonly Facts[] {
    return this.entries.map(({ facts }) => facts!);
  }

  /** What is known of all together. */
  get whole(): Facts {
    const { facts } = this, [first] = facts;
    return facts.length === 1
      ? first!
      : { scale: joined(facts.map(({ scale }) => scale)), channels: null };
  }

  /** A worker's answer. */
  run<Value>(work: StackWork, signal?: AbortSignal, urgency?: Urgency): Promise<Value> {
    const [first, ...others] = this.entries;
    const contexts = others.map(({ id }) => id);
    const job = { ...work, context: first!.id, contexts } as Job;
    // All are of one model: what brings the bytes of one brings those of all.
    const far = this.entries.find(({ fetch }) => fetch) ?? first!;
    return this.layers.run<Value>(far, job, signal, urgency);
  }
}

const known = new WeakMap<Scale, { readonly scales: readonly Scale[]; readonly whole: Scale }>();

/** Joins scales once, as every tile of a stack asks for it. */
function joined(scales: readonly Scale[]): Scale {
  const before = known.get(scales[0]!);
  const isSame = before?.scales.length === scales.length &&
    scales.every((scale, i) => scale === before.scales[i]);
  if (isSame) return before.whole;
  const whole = joinScales(scales);
  known.set(scales[0]!, { scales, whole });
  return whole;
}
