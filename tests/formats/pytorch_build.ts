import { concat, u32, utf8, zipFile } from "./build.ts";

/** A pickle put together by hand, opcode by opcode: every function gives the bytes of one or more. */
export type Code = Uint8Array;

export const op = (...codes: (string | number)[]): Code =>
  concat(...codes.map((code) => {
    if (typeof code === "number") return Uint8Array.of(code);
    return Uint8Array.from(code, (char) => char.charCodeAt(0));
  }));

/** A string, an integer, or what is pickled already. */
export type Item = string | number | bigint | boolean | null | Code;

export function item(value: Item): Code {
  if (value instanceof Uint8Array) return value;
  if (value === null) return op("N");
  if (typeof value === "boolean") return op(value ? 0x88 : 0x89);
  if (typeof value === "string") return concat(op("X"), u32(utf8(value).length), utf8(value));
  if (Number.isInteger(value) && value >= 0 && value < 256) return op("K", Number(value));
  return utf8(`L${value}L\n`);
}

export const tuple = (...items: readonly Item[]) => concat(op("("), ...items.map(item), op("t"));
export const list = (...items: readonly Item[]) => concat(op("]("), ...items.map(item), op("e"));
export const dict = (entries: Readonly<Record<string, Item>>) =>
  concat(op("}("), ...Object.entries(entries).flat().map(item), op("u"));
export const global = (module: string, name: string) => utf8(`c${module}\n${name}\n`);
export const call = (module: string, name: string, ...args: readonly Item[]) =>
  concat(global(module, name), tuple(...args), op("R"));

/** A whole pickle of protocol 2. */
export const pickle = (value: Item) => concat(op(0x80, 2), item(value), op("."));

export const storage = (type: string, key: string, count: Item, ...more: readonly Item[]) =>
  concat(tuple("storage", global("torch", type), key, "cpu", count, ...more), op("Q"));

/** A tensor of float32 by `_rebuild_tensor_v2`, of a storage "0" with `count` elements. */
export const tensor = (
  size: readonly Item[],
  { count = 6 as Item, offset = 0 as Item, stride = undefined as readonly Item[] | undefined } = {},
) =>
  call(
    "torch._utils",
    "_rebuild_tensor_v2",
    storage("FloatStorage", "0", count),
    offset,
    tuple(...size),
    tuple(...stride ?? size.map(() => 1)),
    false,
    call("collections", "OrderedDict"),
  );

/** A zip checkpoint of one object, with the storages given or one "0" of six float32. */
export const checkpoint = (
  value: Item,
  storages: Readonly<Record<string, Uint8Array>> = {
    0: new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer),
  },
  more: Readonly<Record<string, Uint8Array>> = {},
) =>
  zipFile([
    { name: "x/data.pkl", data: pickle(value) },
    ...Object.entries(storages).map(([key, data]) => ({ name: `x/data/${key}`, data })),
    ...Object.entries(more).map(([name, data]) => ({ name: `x/${name}`, data })),
  ]);

/** The form before version 1.6. */
export function legacy(
  value: Item,
  keys: readonly string[] = ["0"],
  { magic = 0x1950a86a20f9469cfc6cn, version = 1001, count = 6n, tail = 0 } = {},
) {
  const storages = keys.map(() =>
    concat(
      new Uint8Array(BigInt64Array.of(count).buffer),
      new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer),
    )
  );
  return concat(
    // As Python writes a number of ten bytes.
    magic === 0x1950a86a20f9469cfc6cn
      ? op(0x80, 2, 0x8a, 10, "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")
      : pickle(magic),
    pickle(version),
    pickle(dict({ little_endian: true })),
    pickle(value),
    pickle(list(...keys)),
    ...storages,
    new Uint8Array(tail),
  );
}
