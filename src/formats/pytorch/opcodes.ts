import { latin1, narrow } from "./cursor.ts";
import type { Machine } from "./machine.ts";
import { Dict, type Value } from "./values.ts";

/** What an opcode does. `STOP` alone has nothing to do. */
export type Opcode = (machine: Machine) => void;

const push = (value: Value): Opcode => (m) => m.push(value);
const list: Opcode = (m) => m.make([]);
const tuple = (length: number): Opcode => (m) => m.make(m.popSeveral(length));
const marked: Opcode = (m) => m.make(m.popMark());
const text = (length: (m: Machine) => number): Opcode => (m) => m.push(m.cursor.text(length(m)));
const bytes = (length: (m: Machine) => number): Opcode => (m) => m.bytes(length(m));
const u8 = (m: Machine) => m.cursor.u8();
const u32 = (m: Machine) => m.cursor.u32();
const u64 = (m: Machine) => m.cursor.u64();

/** `operands(m)` come off the stack first, `use` gets what then lies on top. */
const onTop = <T>(operands: (m: Machine) => T, use: (m: Machine, top: Value, of: T) => void) =>
(
  m: Machine,
) => {
  const of = operands(m);
  use(m, m.top(), of);
};
const marks = (m: Machine) => m.popMark();
const one = (m: Machine) => m.popSeveral(1);
const pair = (m: Machine) => m.popSeveral(2);

const append: Opcode = onTop(one, (m, to, items) => m.append(to, items));
const appends: Opcode = onTop(marks, (m, to, items) => m.append(to, items));

/** "I01" and "I00" are Python 2's True and False. */
const int: Opcode = (m) => {
  const numeral = m.numeral();
  if (numeral === "00" || numeral === "01") m.push(numeral === "01");
  else m.push(integer(m, numeral));
};

function integer(m: Machine, numeral: string): number | bigint {
  const digits = /^([+-]?\d+)L?$/.exec(numeral.trim())?.[1];
  if (digits === undefined) throw m.refuse("no integer", "a decimal number");
  return narrow(BigInt(digits));
}

const float: Opcode = (m) => {
  const numeral = m.numeral().trim();
  const special = new Map([["inf", Infinity], ["-inf", -Infinity], ["nan", NaN]]);
  const value = special.get(numeral) ?? Number(numeral);
  if (numeral === "" || (Number.isNaN(value) && numeral !== "nan")) {
    throw m.refuse("no float", "a decimal number");
  }
  m.push(value);
};

/** A slot of the memo, as text. */
function slot(m: Machine): number {
  const index = Number(integer(m, m.numeral()));
  if (Number.isSafeInteger(index) && index >= 0) return index;
  throw m.refuse(`memo ${index}`, "a number >= 0");
}

/** A Python 2 string in quotes; its escapes stay as they are. */
const quoted: Opcode = (m) => m.push(m.cursor.line(latin1).trim().slice(1, -1));
/** Python's raw-unicode-escape: line ends, backslashes and characters above 255 are escaped. */
const raw: Opcode = (m) =>
  m.push(m.cursor.line(latin1).replace(/\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g, unescaped));

function unescaped(escape: string, short?: string, long?: string): string {
  const code = parseInt(short ?? long ?? "", 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : escape;
}

const dict: Opcode = (m) => {
  const made = new Dict();
  m.store(made, m.popMark());
  m.make(made);
};

const protocol: Opcode = (m) => {
  const version = m.cursor.u8();
  if (version > 5) throw m.refuse(`protocol ${version}`, "protocol 0 to 5");
};

/** The class is the first thing after the mark. */
const object: Opcode = (m) => {
  const [type = null, ...args] = m.popMark();
  m.call(type, args);
};

const instance: Opcode = (m) => {
  const [module, member] = [m.cursor.line(), m.cursor.line()];
  const args = m.popMark();
  m.global(module, member);
  m.call(m.pop(), args);
};

const stackGlobal: Opcode = (m) => {
  const member = m.pop();
  m.global(m.pop(), member);
};

const reduce: Opcode = (m) => {
  const args = m.pop();
  m.call(m.pop(), args);
};

const create: Opcode = (m) => {
  const args = m.pop();
  m.create(m.pop(), args);
};

/** Keyword arguments are passed over: no class is looked into. */
const createWithKeywords: Opcode = (m) => {
  m.pop();
  create(m);
};

export const STOP = ".";

/** Every opcode that is understood: those of protocols 0 to 5 that PyTorch and Python write. */
const understood: Readonly<Record<string, Opcode>> = {
  [STOP]: () => {},
  "(": (m) => m.mark(),
  "0": (m) => m.discard(),
  "1": (m) => void m.popMark(),
  "2": (m) => m.push(m.top()),
  "N": push(null),
  "I": int,
  "L": (m) => m.push(integer(m, m.numeral())),
  "F": float,
  "J": (m) => m.push(m.cursor.i32()),
  "K": (m) => m.push(m.cursor.u8()),
  "M": (m) => m.push(m.cursor.u16()),
  "G": (m) => m.push(m.cursor.f64BigEndian()),
  "S": quoted,
  "T": text(u32),
  "U": text(u8),
  "V": raw,
  "X": text(u32),
  "B": bytes(u32),
  "C": bytes(u8),
  ")": list,
  "]": list,
  "t": marked,
  "l": marked,
  "}": (m) => m.make(new Dict()),
  "d": dict,
  "a": append,
  "e": appends,
  "s": onTop(pair, (m, to, items) => m.store(to, items)),
  "u": onTop(marks, (m, to, items) => m.store(to, items)),
  "p": (m) => m.put(slot(m)),
  "q": (m) => m.put(m.cursor.u8()),
  "r": (m) => m.put(m.cursor.u32()),
  "g": (m) => m.get(slot(m)),
  "h": (m) => m.get(m.cursor.u8()),
  "j": (m) => m.get(m.cursor.u32()),
  "c": (m) => m.global(m.cursor.line(), m.cursor.line()),
  "i": instance,
  "o": object,
  "R": reduce,
  "b": (m) => m.build(m.pop()),
  "Q": (m) => m.persistent(m.pop()),
  "\x80": protocol,
  "\x81": create,
  "\x85": tuple(1),
  "\x86": tuple(2),
  "\x87": tuple(3),
  "\x88": push(true),
  "\x89": push(false),
  "\x8a": (m) => m.integer(u8(m)),
  "\x8b": (m) => m.integer(u32(m)),
  "\x8c": text(u8),
  "\x8d": text(u64),
  "\x8e": bytes(u64),
  "\x8f": list,
  "\x90": appends,
  "\x91": marked,
  "\x92": createWithKeywords,
  "\x93": stackGlobal,
  "\x94": (m) => m.memoize(),
  // A frame says how much may be read ahead; the bytes are here already.
  "\x95": (m) => void u64(m),
  "\x96": bytes(u64),
};

/** Opcodes that pickles may have and these must not. */
const refused: Readonly<Record<string, string>> = {
  "P": "PERSID",
  "\x82": "EXT1",
  "\x83": "EXT2",
  "\x84": "EXT4",
  "\x97": "NEXT_BUFFER",
  "\x98": "READONLY_BUFFER",
};

/** By byte. */
export const opcodes: readonly (Opcode | undefined)[] = Array.from(
  { length: 256 },
  (_, byte) => understood[String.fromCharCode(byte)],
);

/** What a message calls an opcode that is not understood. */
export function nameOf(byte: number): string {
  const name = refused[String.fromCharCode(byte)];
  return `the opcode ${name ?? `0x${byte.toString(16).padStart(2, "0")}`}`;
}
