import { type Field, integersOf, type Scanner, wires } from "../protobuf.ts";
import { Repeated } from "../protobuf/repeated.ts";
import { readTensor, type Stored } from "./tensor.ts";
import { typed } from "./types.ts";

const FLOAT = 1;
const INT64 = 7;
/** Bytes of one packed list of integers: far above what is written into an attribute. */
const MAX_LIST = 1 << 20;

/** Why a Constant without a value cannot be drawn. */
export const NO_VALUE = "the file holds none of its values";

/** The value of a Constant, from the fields of its AttributeProto: a tensor, a number or a list. */
export class Constant {
  readonly #scan: Scanner;
  #value: Stored | undefined;
  /** Why there is no value that can be drawn. */
  reason = NO_VALUE;

  constructor(scan: Scanner) {
    this.#scan = scan;
  }

  /** Its shape and where its numbers are; undefined for `reason`. */
  get value(): Stored | undefined {
    return this.#value;
  }

  /** Takes a field of the attribute that is being visited. */
  add(field: Field): Promise<void> | void {
    switch (field.number) {
      case 2:
        this.#value = { ...empty(FLOAT), raw: field };
        return;
      case 3:
        return this.#list(INT64, typed.int64.number, []).add(field);
      case 4:
      case 9:
        this.reason = "its elements are text";
        return;
      case 5:
        return readTensor(this.#scan, field).then((value) => {
          this.#value = value;
        });
      case 7:
        return this.#addFloats(field);
      case 8:
        return this.#addIntegers(field);
      case 22:
        this.reason = "it is sparse";
    }
  }

  #addFloats(field: Field): Promise<void> | void {
    const list = this.#list(FLOAT, typed.float.number, [0]);
    this.#value!.shape[0]! += field.length / typed.float.itemBytes;
    return list.add(field);
  }

  async #addIntegers(field: Field): Promise<void> {
    const list = this.#list(INT64, typed.int64.number, [0]);
    const adding = list.add(field);
    if (adding) await adding;
    this.#value!.shape[0]! += field.wire === wires.varint
      ? 1
      : integersOf(this.#scan.source.name, await this.#scan.read(field, MAX_LIST)).length;
  }

  /** The list that the fields before have begun, or a new one. */
  #list(type: number, number: number, shape: number[]): Repeated {
    const begun = this.#value?.typed?.get(number);
    if (begun) return begun;
    const list = new Repeated(this.#scan);
    this.#value = { ...empty(type), shape, typed: new Map([[number, list]]) };
    return list;
  }
}

const empty = (type: number): Stored => ({ name: "", type, shape: [] });
