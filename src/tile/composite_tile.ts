import type { Ops } from "../compute/ops.ts";
import { Canvas } from "../field/canvas.ts";
import type { CellReader } from "../field/cells.ts";
import { type Levels, openLevels } from "../field/levels.ts";
import { Composite } from "./compose.ts";
import { drawing, type Loaded } from "./drawings.ts";
import type { Job } from "./job.ts";
import { type Rendered, timed } from "./render.ts";

/** A tile of many layers' parts. */
export function drawComposite(
  used: readonly Loaded[],
  job: Job & { readonly kind: "composite" },
  ops: Ops,
  cancelled: () => void,
): Promise<Rendered> {
  const { columns, rows, format, facts } = job;
  const clock = { read: 0, decode: 0 };
  return timed(ops, clock, format, () => {
    const whole = new Composite(ops, columns, rows);
    const estimates: EstimatedPart[] = [];
    for (const [i, { levels: ref, window, x, y }] of job.pieces.entries()) {
      cancelled();
      const layer = used[i]!;
      const reader: CellReader = {
        plane: layer.plane,
        source: layer.source,
        other: layer.other,
        ops,
        clock,
        cancelled,
      };
      const levels = ref && openLevels(ref, reader);
      const draw = drawing(layer, job, facts);
      ops.frame(() => {
        const canvas = new Canvas(reader, levels, window);
        whole.add(canvas, draw(canvas), x, y);
      });
      const pixels = window.width * window.height;
      if (levels?.squaredError) estimates.push({ levels, layer, pixels });
    }
    const { pixels, values } = whole;
    return { pixels, values, ...(estimates.length > 0 ? { error: errorOf(estimates) } : {}) };
  });
}

/** Pixels whose values are estimated. */
export interface EstimatedPart {
  readonly levels: Levels;
  readonly layer: Loaded;
  readonly pixels: number;
}

/** Root of the mean squared error of estimated pixels, each in units of its layer's scale. */
export function errorOf(parts: readonly EstimatedPart[]): number {
  let squares = 0, all = 0;
  for (const { levels, layer, pixels } of parts) {
    const scale = layer.facts?.scale.robust ?? 1;
    squares += pixels * (levels.squaredError?.() ?? 0) / scale ** 2;
    all += pixels;
  }
  return all === 0 ? 0 : Math.sqrt(squares / all);
}
