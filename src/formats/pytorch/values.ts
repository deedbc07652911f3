/**
 * What a pickle holds, as plain data. Lists, tuples and sets are arrays. Nothing here has behaviour
 * that a file could choose: a class is a name, an object is its class's name and its parts.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Value[]
  | Bytes
  | Dict
  | Global
  | Instance
  | Storage
  | Tensor;

/** Raw bytes: where they lie in the pickle. */
export class Bytes {
  constructor(readonly at: number, readonly length: number) {}
}

/** A dict; most of those in a checkpoint stay empty, so their maps are made late. */
export class Dict {
  #entries: Map<Value, Value> | undefined;

  static of(entries: Readonly<Record<string, Value>>): Dict {
    const dict = new Dict();
    for (const [key, value] of Object.entries(entries)) dict.set(key, value);
    return dict;
  }

  get(key: Value): Value | undefined {
    return this.#entries?.get(key);
  }

  set(key: Value, value: Value): void {
    (this.#entries ??= new Map()).set(key, value);
  }

  entries(): Iterable<[Value, Value]> {
    return this.#entries ?? [];
  }
}

/** A module's member that the pickle names: a class, a function, an element type. */
export class Global {
  /** "torch.FloatStorage". */
  readonly name: string;

  constructor(readonly module: string, readonly member: string) {
    this.name = `${module}.${member}`;
  }
}

/** An object of a class that is not looked into: what it was made of and what it was given. */
export class Instance {
  /** What `BUILD` set: its attributes. */
  state: Value = null;
  /** What was appended, where its class is some list's. */
  items: Value[] = [];
  /** What was stored by key, where its class is some dict's. */
  dict = new Dict();

  constructor(readonly type: Global, readonly args: Value[]) {}
}

/** A run of elements outside the pickle, by its key there. */
export class Storage {
  constructor(
    /** The class, which tells the element type. */
    readonly type: Global,
    readonly key: string,
    /** Elements of the class's type. */
    readonly count: number,
    /** The run of the storage's elements that this one is; all of it if not given. */
    readonly view?: { readonly offset: number; readonly count: number },
  ) {}
}

/** The arguments that a tensor is rebuilt from, not yet checked. */
export class Tensor {
  constructor(
    readonly storage: Value,
    /** Of the first element in the storage, in elements; so are the strides. */
    readonly offset: Value,
    readonly size: Value,
    readonly stride: Value,
    readonly more: {
      /** Where it is not the storage's. */
      readonly dtype?: Value;
      /** value = (stored - zero) * scale. */
      readonly quantized?: { readonly scale: Value; readonly zero: Value };
      /** Why it has no bytes to draw. */
      readonly without?: string;
    } = {},
  ) {}
}
