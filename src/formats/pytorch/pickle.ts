import type { FormatError } from "../../errors.ts";
import { malformed } from "../malformed.ts";
import { Ended } from "./cursor.ts";
import { Machine } from "./machine.ts";
import { nameOf, opcodes, STOP } from "./opcodes.ts";
import type { Storage, Value } from "./values.ts";

/** Bytes of one pickle at most: that of 100,000 tensors takes a third. */
export const MAX_PICKLE = 1 << 26;

const END = STOP.charCodeAt(0);

/** A pickle that was read. */
export interface Unpickled {
  /** What it puts together, as plain data. */
  readonly value: Value;
  /** First byte after it. */
  readonly end: number;
  /** Those that its persistent ids stand for, by key. */
  readonly storages: ReadonlyMap<string, Storage>;
}

/**
 * Runs the pickle that a machine is set on. A pickle is a program for a stack machine; here it can
 * make data only (see `machine.ts`, `classes.ts`). Throws `FormatError`, and `Ended` where the bytes
 * are too few: the machine can then be resumed with more.
 *
 * After https://github.com/python/cpython/blob/main/Lib/pickletools.py, which describes the opcodes.
 */
export function run(machine: Machine): Unpickled {
  for (;;) {
    const byte = machine.next();
    const opcode = opcodes[byte];
    if (!opcode) throw machine.refuse(nameOf(byte), "an opcode that puts data together");
    opcode(machine);
    if (byte === END) {
      return { value: machine.pop(), end: machine.cursor.at, storages: machine.storages };
    }
  }
}

/** What the pickle that these bytes are puts together. */
export function unpickle(file: string, bytes: Uint8Array): Value {
  try {
    return run(new Machine(file, bytes, 0)).value;
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    throw endless(file, bytes.length);
  }
}

/** The error for a pickle that the bytes end in. */
export const endless = (file: string, length: number): FormatError =>
  malformed(file, "pickle", `cut off after ${length} bytes`, "a STOP at its end");
