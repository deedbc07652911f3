import type { BlockStats } from "../compute/ops.ts";
import type { CellReader, SyncSource } from "../field/cells.ts";
import { storedValue } from "../field/wide.ts";
import { indexOf, type Plane, slopesOf } from "../field/plane.ts";
import type { Levels } from "../field/levels.ts";
import { measure } from "../field/pyramid.ts";
import type { Inspection } from "./tile.ts";

/** A block: `log2` of its side in cells, and its place among blocks of that size. */
export interface Block {
  readonly log2: number;
  readonly x: number;
  readonly y: number;
}

/**
 * One block of a plane in numbers: statistics of its cells, and the tensor index and value of the
 * first one. Null where the block lies beyond the plane.
 */
export function inspect(
  reader: CellReader,
  levels: Levels | null,
  { log2, x, y }: Block,
): Inspection | null {
  const { plane, ops } = reader;
  const left = x * 2 ** log2, top = y * 2 ** log2;
  const index = indexOf(plane, left, top);
  if (!index) return null;
  return ops.frame(() => {
    const value = storedValue(reader, left, top);
    let cell: Inspection["cell"] | undefined;
    const block = { x, y, width: 1, height: 1 };
    if (levels && log2 >= levels.statsFrom) cell = describe(levels.stats(ops, log2, block));
    else measure(reader, log2, block, (stats) => cell = describe(stats));
    const compared = comparedAt(reader, left, top);
    const slopes = slopesOf(plane);
    return { tensor: plane.tensor.name, index, ...spell(value), ...compared, slopes, cell: cell! };
  });
}

/** Both values of a compared cell. */
function comparedAt(
  reader: CellReader,
  x: number,
  y: number,
): Pick<Inspection, "compared"> {
  const { plane: { versus, ...own }, other } = reader;
  if (!versus || !other) return {};
  const value = (source: SyncSource, plane: Plane, x: number, y: number) =>
    spell(storedValue({ ...reader, source, plane }, x, y));
  const { plane, how } = versus;
  const [column, row] = plane.width === own.width ? [x, y] : [y * own.width + x, 0];
  return {
    compared: {
      how,
      own: value(reader.source, own, x, y),
      other: {
        tensor: plane.tensor.name,
        index: indexOf(plane, column, row)!,
        ...value(other, plane, column, row),
      },
    },
  };
}

function describe(stats: BlockStats): Inspection["cell"] {
  const count = stats.count[0]!, signed = count - stats.zero[0]!;
  const known = (value: number) => count > 0 ? value : null;
  return {
    mean: known(stats.mean[0]!),
    variance: known(stats.m2[0]! / count),
    min: known(stats.min[0]!),
    max: known(stats.max[0]!),
    gradient: known(stats.gradient[0]! / count),
    positive: known(signed > 0 ? stats.positive[0]! / signed : 0),
    count,
  };
}

function spell(value: number): Pick<Inspection, "value" | "special"> {
  if (Number.isFinite(value)) return { value };
  const special = Number.isNaN(value) ? "NaN" : value > 0 ? "+Infinity" : "-Infinity";
  return { value: null, special };
}
