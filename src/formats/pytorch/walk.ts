import type { Ignored, Listing, MetadataValue, TensorInfo } from "../format.ts";
import { malformed } from "../malformed.ts";
import { childrenOf, isContainer, isSilent, opaque, plain, plainList } from "./children.ts";
import { type Container, locate } from "./tensors.ts";
import { Storage, Tensor, type Value } from "./values.ts";

/** Containers within containers; modules are as deep as their names have parts. */
const MAX_DEPTH = 256;
/** Looked at; what several containers share counts for each, as sharing can double it endlessly. */
const MAX_VALUES = 1 << 22;
/** Drawn or left out. An archive has 100,000 members at most. */
const MAX_TENSORS = 1 << 17;
/** Characters of a name, and of a text in the metadata. */
const MAX_TEXT = 1024;
const MAX_METADATA = 256;

/** A container that is being gone through. */
interface Frame {
  readonly node: Value;
  readonly name: string;
  readonly children: Iterator<readonly [string, Value]>;
  /** Whether plain values in it are passed over. */
  readonly silent: boolean;
}

/**
 * Lists every tensor in what a pickle put together, by name: keys, indices and attributes joined by
 * dots, as PyTorch itself names the parameters of a module. Plain values become metadata. `base` is
 * the name of a tensor that is all there is.
 */
export function walk(root: Value, base: string, container: Container): Listing {
  return new Walk(base, container).through(root);
}

class Walk {
  readonly #tensors: TensorInfo[] = [];
  readonly #ignored: Ignored[] = [];
  readonly #metadata = new Map<string, MetadataValue>();
  readonly #names = new Map<string, number>();
  /** Nesting in a file must not nest calls. */
  readonly #open: Frame[] = [];
  /** Those of the open frames: a container that holds itself is not entered again. */
  readonly #within = new Set<Value>();
  #values = 0;

  constructor(readonly base: string, readonly container: Container) {}

  through(root: Value): Listing {
    this.#visit("", root, false);
    for (let frame = this.#open.at(-1); frame; frame = this.#open.at(-1)) {
      const next = frame.children.next();
      if (next.done) this.#within.delete(this.#open.pop()!.node);
      else this.#visit(join(frame.name, next.value[0]), next.value[1], frame.silent);
    }
    return {
      tensors: this.#tensors,
      ignored: this.#ignored,
      metadata: Object.fromEntries(this.#metadata),
    };
  }

  #visit(name: string, value: Value, silent: boolean): void {
    this.#count(1);
    if (value instanceof Storage) this.#tensor(name, vector(value));
    else if (value instanceof Tensor) this.#tensor(name, value);
    else if (isContainer(value)) this.#enter(name, value, silent);
    else if (!silent) this.#note(name, plain(value));
  }

  #count(more: number): void {
    this.#values += more;
    if (this.#values <= MAX_VALUES) return;
    const rule = `at most ${MAX_VALUES}, those of shared containers counted each time`;
    throw malformed(this.container.file, "values in the pickle", this.#values, rule);
  }

  #tensor(wanted: string, tensor: Tensor): void {
    const name = this.#unused(wanted || this.base);
    const found = locate(tensor, name, this.container);
    if (typeof found === "string") this.#leaveOut(name, found);
    else this.#tensors.push(found);
    this.#checkRoom();
  }

  #leaveOut(name: string, reason: string): void {
    this.#ignored.push({ name, reason });
    this.#checkRoom();
  }

  #checkRoom(): void {
    const count = this.#tensors.length + this.#ignored.length;
    if (count <= MAX_TENSORS) return;
    throw malformed(this.container.file, "tensors", count, `at most ${MAX_TENSORS}`);
  }

  #enter(name: string, node: Value, silent: boolean): void {
    if (!isContainer(node) || this.#within.has(node)) return;
    const deep = this.#open.length >= MAX_DEPTH;
    const reason = deep ? `it is nested deeper than ${MAX_DEPTH}` : opaque(node);
    if (reason) return this.#leaveOut(name || this.base, reason);
    const list = plainList(node);
    if (list) {
      this.#count((node as Value[]).length);
      return silent ? undefined : this.#note(name, list);
    }
    this.#within.add(node);
    this.#open.push({ node, name, children: childrenOf(node), silent: silent || isSilent(node) });
  }

  #note(name: string, value: MetadataValue | undefined): void {
    if (value === undefined || this.#metadata.size >= MAX_METADATA) return;
    this.#metadata.set(name || this.base, typeof value === "string" ? clip(value) : value);
  }

  /** Keys 1 and "1", or "a.b" and "b" in "a", make the same name; the second gets a number. */
  #unused(name: string): string {
    let times = this.#names.get(name) ?? 0;
    let free = name;
    while (times > 0 && this.#names.has(free)) free = `${name} (${++times})`;
    this.#names.set(name, Math.max(times, 1));
    if (free !== name) this.#names.set(free, 1);
    return free;
  }
}

const vector = (storage: Storage) =>
  new Tensor(storage, 0, [storage.view?.count ?? storage.count], [1]);

const clip = (text: string) => text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;

function join(name: string, key: string): string {
  if (key === "") return name;
  return clip(name === "" ? key : `${name}.${key}`);
}
