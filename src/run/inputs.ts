import { BadRequest } from "../errors.ts";
import { dtypes, elementCount, type TensorInfo } from "../formats/format.ts";
import { isObject } from "../formats/json.ts";
import { show } from "../formats/malformed.ts";
import { npy } from "../formats/npy.ts";
import type { Network } from "../formats/onnx/network.ts";
import { MemorySource } from "../storage/memory.ts";
import { type Element, elements, encode } from "./elements.ts";
import { readImage, type Scaling } from "./image.ts";

/** What is put in, as it came: to be held against what the network takes. */
export type Given =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "npy"; readonly bytes: Uint8Array }
  | { readonly kind: "image"; readonly bytes: Uint8Array; readonly scaling: Scaling };

/** What is put in, ready: row-major, little-endian. */
export interface Input {
  readonly name: string;
  readonly element: Element;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What an input has to be. */
interface Wanted {
  readonly name: string;
  readonly element: Element;
  readonly sides: readonly string[] | null;
}

/**
 * Inputs as a network takes them, by name; that of a network with one may be given as "". Throws
 * `BadRequest` naming what is missing, unknown, or of another type or shape.
 */
export async function takeInputs(
  { inputs }: Network,
  given: ReadonlyMap<string, Given>,
): Promise<Input[]> {
  const names = inputs.map(({ name }) => name);
  const known = names.map(show).join(", ");
  const whole = given.get("");
  if (whole && (names.length !== 1 || given.size > 1)) {
    throw new BadRequest(`the network takes ${known}: say which of them each input is`, {
      parameter: "input",
      allowed: names,
    });
  }
  for (const name of given.keys()) {
    if (name === "" || names.includes(name)) continue;
    throw new BadRequest(`there is no input ${show(name)}; the network takes ${known}`, {
      ...{ parameter: "inputs", found: name, allowed: names },
    });
  }
  const taken: Input[] = [];
  for (const { name, tensor } of inputs) {
    const one = given.get(name) ?? whole;
    const element = elements.find(({ onnx }) => onnx === tensor?.element);
    const what = tensor ? `${tensor.element} [${tensor.sides?.join(", ") ?? "any"}]` : "no tensor";
    if (!one) {
      throw new BadRequest(`input ${show(name)} is missing: ${what}`, {
        ...{ parameter: "inputs", expected: names },
      });
    }
    if (!element) {
      throw new BadRequest(`input ${show(name)} is ${what}, which cannot be put in here`, {
        ...{ parameter: "inputs", found: what },
      });
    }
    const wanted = { name, element, sides: tensor!.sides };
    const input = await take(wanted, one);
    checkShape(wanted, input.shape);
    taken.push(input);
  }
  return taken;
}

function take(wanted: Wanted, given: Given): Input | Promise<Input> {
  switch (given.kind) {
    case "json":
      return fromJson(wanted, given.value);
    case "npy":
      return fromNpy(wanted, given.bytes);
    case "image":
      return readImage(wanted, given.bytes, given.scaling);
  }
}

/** Sides that are no number may be any. */
function checkShape({ name, sides }: Wanted, shape: readonly number[]): void {
  const fits = !sides || (sides.length === shape.length &&
    sides.every((side, i) => !/^\d+$/.test(side) || Number(side) === shape[i]));
  if (fits) return;
  throw new BadRequest(`input ${show(name)} is [${shape}], expected [${sides!.join(", ")}]`, {
    ...{ parameter: "inputs", found: shape, expected: sides },
  });
}

/** A nested list, or `{shape, values}`, where the values are flat. */
function fromJson({ name, element }: Wanted, value: unknown): Input {
  const wrong = (why: string, found: unknown) =>
    new BadRequest(`input ${show(name)} ${why}`, { parameter: "inputs", found });
  let shape: number[], values: readonly unknown[];
  if (isObject(value)) {
    const { shape: sides, values: flat } = value;
    if (!Array.isArray(sides) || !sides.every((side) => Number.isSafeInteger(side) && side >= 0)) {
      throw wrong(`has the shape ${show(sides)}, expected a list of whole numbers`, sides);
    }
    if (!Array.isArray(flat) || flat.length !== elementCount(sides)) {
      const found = Array.isArray(flat) ? `${flat.length} values` : show(flat);
      throw wrong(`has ${found}, expected ${elementCount(sides)} for its shape`, found);
    }
    [shape, values] = [sides, flat];
  } else {
    shape = [];
    for (let inner = value; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
    values = Array.isArray(value) ? value.flat(Math.max(0, shape.length - 1)) : [value];
    if (!isEven(value, shape)) throw wrong(`is a list of lists that differ in length`, shape);
  }
  const bytes = encode(element, values);
  if ("odd" in bytes) throw wrong(`holds ${show(bytes.odd)}, expected ${element.onnx}`, bytes.odd);
  return { name, element, shape, bytes };
}

const isEven = (value: unknown, [side, ...inner]: readonly number[]): boolean =>
  side === undefined
    ? !Array.isArray(value)
    : Array.isArray(value) && value.length === side && value.every((one) => isEven(one, inner));

async function fromNpy({ name, element }: Wanted, file: Uint8Array): Promise<Input> {
  const source = new MemorySource(`input ${show(name)}`, file);
  const { tensors: [tensor] } = await npy.list(source);
  const { dtype, shape } = tensor!;
  if (dtype !== element.dtype) {
    throw new BadRequest(`input ${show(name)} is ${dtype}, expected ${element.dtype}`, {
      ...{ parameter: "inputs", found: dtype, expected: element.dtype },
    });
  }
  return { name, element, shape, bytes: gather(tensor!, file) };
}

/** A tensor's elements, row-major and little-endian. */
function gather({ dtype, shape, strides, offset, bigEndian }: TensorInfo, file: Uint8Array) {
  const size = dtypes[dtype as Element["dtype"]];
  const count = elementCount(shape);
  const bytes = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) {
    let rest = i, from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += rest % shape[axis]! * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const at = offset + from * size;
    for (let b = 0; b < size; b++) bytes[i * size + b] = file[at + (bigEndian ? size - 1 - b : b)]!;
  }
  return bytes;
}
