import type { SourceRef } from "../../storage/source.ts";
import { dtypes, type TensorInfo } from "../format.ts";
import { checkShape, malformed, type Refuse, show } from "../malformed.ts";
import { type Element, elementOf, elementOfStorage } from "./elements.ts";
import { Global, Storage, type Tensor, type Value } from "./values.ts";

/** Elements of a view that repeats those of its storage; a few bytes could stand for any number. */
const MAX_REPEATED = 1 << 24;

/** Where a storage's bytes lie. */
export interface Place {
  readonly source: SourceRef;
  readonly offset: number;
  readonly bytes: number;
}

/** What surrounds the pickle in its file. */
export interface Container {
  readonly file: string;
  readonly bigEndian: boolean;
  /** Throws `FormatError` for a storage that the file does not hold. */
  place(storage: Storage): Place;
}

/**
 * Where the elements of a tensor lie, every number checked: shape and strides, the span inside the
 * storage, the storage inside its place. A text says why it cannot be drawn. Throws `FormatError`.
 */
export function locate(tensor: Tensor, name: string, container: Container): TensorInfo | string {
  const refuse = (field: string): Refuse => (found, expected) =>
    malformed(container.file, `tensor ${show(name)} ${field}`, found, expected);
  const { shape, count } = checkShape(tensor.size, refuse("size"));
  if (tensor.more.without) return tensor.more.without;
  const { storage } = tensor;
  if (!(storage instanceof Storage)) throw refuse("storage")(show(storage), "a storage");
  const held = elementOfStorage(storage.type);
  if (!held) throw refuse("storage")(show(storage.type.name), "a class of storages");
  const element = elementOfTensor(tensor.more.dtype, held, refuse("dtype"));
  if (element.dtype === undefined) return element.reason!;
  const strides = checkStrides(tensor.stride, shape, refuse("stride"));
  const span = count === 0
    ? 0
    : 1 + shape.reduce((sum, side, i) => sum + (side - 1) * strides[i]!, 0);
  const { offset } = tensor;
  const view = storage.view ?? { offset: 0, count: storage.count };
  const room = view.count * held.bytes;
  if (!isCount(offset) || !((offset + span) * element.bytes <= room)) {
    const rule = `an offset with ${span} elements of ${element.bytes} bytes in ${room}`;
    throw refuse("offset")(show(offset), rule);
  }
  if (count > MAX_REPEATED && count * element.bytes > room) {
    return `its ${count} elements repeat those of ${room} bytes`;
  }
  const place = container.place(storage);
  if (storage.count * held.bytes > place.bytes) {
    const rule = `at most ${place.bytes} bytes, as there are`;
    throw refuse("storage size")(`${storage.count * held.bytes}`, rule);
  }
  return {
    name,
    dtype: element.dtype,
    shape,
    strides,
    bigEndian: container.bigEndian && dtypes[element.dtype] > 1,
    source: place.source,
    offset: place.offset + view.offset * held.bytes + offset * element.bytes,
    bytes: span * element.bytes,
    ...affine(tensor, refuse("scale and zero point")),
  };
}

function elementOfTensor(dtype: Value | undefined, held: Element, refuse: Refuse): Element {
  if (dtype === undefined) return held;
  const found = dtype instanceof Global ? elementOf(dtype) : undefined;
  if (found) return found;
  if (dtype instanceof Global && dtype.module === "torch") {
    return { bytes: 1, reason: `its element type ${dtype.name} is not known` };
  }
  throw refuse(dtype instanceof Global ? show(dtype.name) : show(dtype), "an element type");
}

function checkStrides(value: Value, shape: readonly number[], refuse: Refuse): number[] {
  const strides = Array.isArray(value) ? value : [];
  if (strides.length === shape.length && strides.every(isCount)) return strides as number[];
  throw refuse(show(value), `${shape.length} integers >= 0`);
}

/** As `value = stored * scale + offset`. */
function affine({ more: { quantized } }: Tensor, refuse: Refuse): Pick<TensorInfo, "affine"> {
  if (!quantized) return {};
  const { scale, zero } = quantized;
  if (typeof scale !== "number" || typeof zero !== "number") {
    throw refuse(`${show(scale)}, ${show(zero)}`, "two numbers");
  }
  return { affine: { scale, offset: 0 - zero * scale } };
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
