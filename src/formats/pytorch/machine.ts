import type { FormatError } from "../../errors.ts";
import { malformed, show } from "../malformed.ts";
import { meaning, suspect } from "./classes.ts";
import { Cursor } from "./cursor.ts";
import { Bytes, Dict, Global, Instance, Storage, Tensor, type Value } from "./values.ts";

/** Opcodes that run: a tensor takes 45. */
const MAX_STEPS = 1 << 23;
/** A tuple of a million items is the most that is ever on the stack at once. */
const MAX_STACK = 1 << 20;
/** Slots of the memo; writers number them from 0 or 1 on. */
const MAX_MEMO = 1 << 21;
/** Containers and objects: a tensor takes five, 100,000 tensors half of this. */
const MAX_OBJECTS = 1 << 20;
/** Of a module's or a class's name. */
const MAX_NAME = 1024;

/**
 * The stack machine that a pickle is a program for, reduced to putting plain data together. What
 * Python would import is a `Global`, a name; what Python would call is one of the few functions of
 * `classes.ts`, which are ours, or refused. Everything it holds is bounded.
 */
export class Machine {
  cursor: Cursor;
  /** Those that persistent ids stood for, by key. */
  readonly storages = new Map<string, Storage>();
  /** First byte of the opcode that runs. */
  #from = 0;
  #steps = 0;
  #objects = 0;
  readonly #stack: Value[] = [];
  readonly #marks: number[] = [];
  readonly #memo: Value[] = [];

  constructor(readonly file: string, bytes: Uint8Array, start: number) {
    this.cursor = new Cursor(bytes, start);
  }

  /**
   * Goes on with more bytes of the same pickle after `Ended`, at the opcode that it came from: each
   * takes its operands from the cursor before it changes anything.
   */
  resume(bytes: Uint8Array): void {
    this.cursor = new Cursor(bytes, this.#from);
  }

  /** Steps over the next opcode. */
  next(): number {
    this.#from = this.cursor.at;
    if (++this.#steps > MAX_STEPS) throw this.refuse("one more opcode", `at most ${MAX_STEPS}`);
    return this.cursor.u8();
  }

  refuse(found: string | number, expected: string): FormatError {
    return malformed(this.file, `pickle at byte ${this.#from}`, found, expected);
  }

  push(value: Value): void {
    if (this.#stack.length >= MAX_STACK) {
      throw this.refuse("a full stack", `at most ${MAX_STACK} items`);
    }
    this.#stack.push(value);
  }

  pop(): Value {
    this.top();
    return this.#stack.pop()!;
  }

  top(): Value {
    if (this.#stack.length > (this.#marks.at(-1) ?? 0)) return this.#stack.at(-1)!;
    throw this.refuse("an empty stack", "an operand");
  }

  mark(): void {
    if (this.#marks.length >= MAX_STACK) {
      throw this.refuse("a full stack", `at most ${MAX_STACK} marks`);
    }
    this.#marks.push(this.#stack.length);
  }

  popMark(): Value[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.refuse("no mark", "a mark on the stack");
    return this.#stack.splice(mark);
  }

  /** The last `count` values, in the order in which they came. */
  popSeveral(count: number): Value[] {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count) {
      throw this.refuse("an empty stack", `${count} operands`);
    }
    return this.#stack.splice(-count);
  }

  /** `POP` also takes back a mark that lies on top. */
  discard(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  put(index: number): void {
    if (index >= MAX_MEMO) throw this.refuse(`memo ${index}`, `below ${MAX_MEMO}`);
    this.#memo[index] = this.top();
  }

  memoize(): void {
    this.put(this.#memo.length);
  }

  get(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) throw this.refuse(`memo ${index}`, "one that was put there");
    this.push(value);
  }

  /** Pushes something that takes memory of its own. */
  make(value: Value): void {
    this.count(1);
    this.push(value);
  }

  /** Accounts for what a call copies. */
  count(objects: number): void {
    this.#objects += objects;
    if (this.#objects > MAX_OBJECTS) throw this.refuse("one more object", `at most ${MAX_OBJECTS}`);
  }

  bytes(length: number): void {
    this.make(new Bytes(this.cursor.skip(length), length));
  }

  /** A line that holds a number, in the notation of Python 2. */
  numeral(): string {
    const line = this.cursor.line();
    if (line.length <= MAX_NAME) return line;
    throw this.refuse(`${line.length} digits`, `at most ${MAX_NAME}`);
  }

  integer(length: number): void {
    if (length > MAX_NAME) {
      throw this.refuse(`an integer of ${length} bytes`, `at most ${MAX_NAME}`);
    }
    this.push(this.cursor.integer(length));
  }

  global(module: Value, member: Value): void {
    if (typeof module !== "string" || typeof member !== "string") {
      throw this.refuse(`a global ${show(module)} ${show(member)}`, "two names");
    }
    if (module.length + member.length > MAX_NAME) {
      throw this.refuse(`a global ${show(module)}`, `a name of at most ${MAX_NAME} characters`);
    }
    const global = new Global(modules.get(module) ?? module, member);
    if (suspect(global)) {
      throw this.refuse(`a mention of ${named(global)}`, "no name that reaches the system");
    }
    this.make(global);
  }

  /** `type(*args)`, by the functions of `classes.ts` only. */
  call(type: Value, args: Value): void {
    if (!(type instanceof Global)) throw this.refuse("a call of data", "a call of a global");
    if (!Array.isArray(args)) throw this.refuse(`a call of ${named(type)}`, "a tuple of arguments");
    const rebuild = meaning(type);
    if (!rebuild) {
      const rule = "one of those that rebuild tensors or containers; nothing else is ever called";
      throw this.refuse(`a call of ${named(type)}`, rule);
    }
    this.make(rebuild(args, type, this));
  }

  /** `type.__new__(type, *args)`: an object of any class, empty and inert. */
  create(type: Value, args: Value): void {
    if (!(type instanceof Global) || !Array.isArray(args)) {
      throw this.refuse("an object of no class", "a class and a tuple of arguments");
    }
    const rebuild = meaning(type);
    this.make(rebuild ? rebuild(args, type, this) : new Instance(type, args));
  }

  append(to: Value, items: readonly Value[]): void {
    const list = to instanceof Instance ? to.items : to;
    if (!Array.isArray(list)) throw this.refuse("no list to append to", "a list");
    for (const item of items) list.push(item);
  }

  store(to: Value, pairs: readonly Value[]): void {
    const dict = to instanceof Instance ? to.dict : to;
    if (!(dict instanceof Dict)) throw this.refuse("no dict to store in", "a dict");
    if (pairs.length % 2 !== 0) throw this.refuse("a key without a value", "pairs");
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i]!, pairs[i + 1]!);
  }

  /** Gives the object on top its state. Attributes of containers and tensors say nothing of use. */
  build(state: Value): void {
    const object = this.top();
    if (object instanceof Instance) object.state = state;
    else if (!(object instanceof Dict || object instanceof Tensor || Array.isArray(object))) {
      throw this.refuse(`a state of ${show(object)}`, "an object to give it to");
    }
  }

  /** What a persistent id stands for: a storage, or a class that came with its source. */
  persistent(id: Value): void {
    const [kind, type, key, location, count, view] = Array.isArray(id) ? id : [];
    if (kind === "module" && type instanceof Global) return this.push(type);
    const valid = kind === "storage" && type instanceof Global && typeof key === "string" &&
      typeof location === "string" && isCount(count);
    if (!valid) {
      throw this.refuse(
        `a persistent id ${show(id)}`,
        '("storage", class, key, location, element count)',
      );
    }
    const storage = new Storage(type, key, count, view ? this.#view(view, count) : undefined);
    if (!this.storages.has(key)) this.storages.set(key, storage);
    this.make(storage);
  }

  #view(view: Value, whole: number): { offset: number; count: number } {
    const [, offset, count] = Array.isArray(view) ? view : [];
    if (isCount(offset) && isCount(count) && offset + count <= whole) return { offset, count };
    throw this.refuse(`a storage's view ${show(view)}`, `(key, offset, count) within ${whole}`);
  }
}

/** Python 2's names of modules that were renamed. */
const modules: ReadonlyMap<string, string> = new Map([
  ["__builtin__", "builtins"],
  ["copy_reg", "copyreg"],
]);

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const named = (global: Global) => show(global.name).slice(1, -1);
