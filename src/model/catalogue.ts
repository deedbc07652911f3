import { Changed, NotFound } from "../errors.ts";
import { isRemote } from "../storage/scheme.ts";
import { stem } from "./find.ts";
import type { Model } from "./model.ts";
import { openModel } from "./open.ts";
import type { Reach } from "./place.ts";

/** Milliseconds for which a model is believed to be unchanged: one stat for a burst of tiles. */
const BELIEVED = 100;
/** Ids with a meaning of their own: modes that need no file. */
const reserved = ["fn"];

/** A model that cannot be opened now, and why. */
export interface Failure {
  readonly id: string;
  readonly path: string;
  readonly error: unknown;
}

/** Who brought a model: whoever started the server, a folder it watches, or a request. */
export type Origin = "given" | "watched" | "added";

interface Entry {
  readonly id: string;
  readonly path: string;
  readonly origin: Origin;
  /** Whether no file has it, so that it cannot be opened again. */
  readonly isMade?: boolean;
  model?: Model;
  /** Why there is no model. */
  error?: unknown;
  /** When its files were last looked at. */
  checked: number;
  opening?: Promise<Model>;
}

/**
 * The models that are served, each under an id of its own: the stem of its path, then "stem-2" and
 * so on. A model whose files change is opened again; one that cannot be opened fails alone.
 */
export class Catalogue {
  readonly #entries = new Map<string, Entry>();
  readonly #remote: Reach["remote"];

  private constructor(paths: readonly string[], remote: Reach["remote"]) {
    this.#remote = remote;
    for (const path of paths) {
      this.#enter(path, "given");
    }
  }

  /**
   * Opens the models at these paths and URLs, each as `openModel` takes it; look at `failures`
   * afterwards. `remote` opens the URLs, those of one server not waiting for those of another.
   */
  static async open(
    paths: readonly string[],
    signal?: AbortSignal,
    remote?: Reach["remote"],
  ): Promise<Catalogue> {
    const catalogue = new Catalogue(paths, remote);
    const entries = [...catalogue.#entries.values()];
    const open = (entry: Entry) => catalogue.#open(entry, signal).catch(() => {}); // in `failures`
    const far = entries.filter(({ path }) => isRemote(path)).map(open);
    for (const entry of entries.filter(({ path }) => !isRemote(path))) {
      await open(entry);
      signal?.throwIfAborted();
    }
    await Promise.all(far);
    signal?.throwIfAborted();
    return catalogue;
  }

  /**
   * Opens one more, under an id of its own. Throws what opening throws, and
   * nothing is kept then. One that is there already is answered as it is.
   */
  async add(path: string, origin: Origin, signal?: AbortSignal): Promise<Model> {
    const there = this.#entries.values().find((entry) => entry.path === path);
    if (there) return await this.get(there.id);
    const entry = this.#enter(path, origin);
    try {
      return await this.#open(entry, signal);
    } catch (error) {
      if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id);
      throw error;
    }
  }

  /**
   * Takes in a model that was made of another one, until that one's files change; `make` is told its
   * id, or that of the one before, whose place it takes. Throws `NotFound` where it is gone.
   */
  keep(stem: string, make: (id: string) => Model, before?: string): Model {
    const id = before === undefined ? this.#unused(stem) : this.#entry(before).id;
    const model = make(id);
    const made = { path: `memory:${id}`, origin: "added", isMade: true } as const;
    this.#entries.set(id, { id, ...made, model, checked: performance.now() });
    return model;
  }

  /** Takes a model out, its files left alone. Throws `NotFound`. */
  remove(id: string): void {
    this.#entry(id).model?.close();
    this.#entries.delete(id);
  }

  /** Where a model lies, and who brought it. Throws `NotFound`. */
  whence(id: string): { readonly path: string; readonly origin: Origin } {
    const { path, origin } = this.#entry(id);
    return { path, origin };
  }

  /**
   * Makes the catalogue hold just these of the models for whose paths `within` is true: new ones
   * are opened, or kept as failures; those that are gone are taken out; failed ones tried again.
   */
  async reconcile(paths: readonly string[], within: (path: string) => boolean): Promise<void> {
    const wanted = new Set(paths);
    for (const { id, path } of [...this.#entries.values()]) {
      if (within(path) && !wanted.delete(path)) this.remove(id);
    }
    const fresh = [...wanted].map((path) => this.#enter(path, "watched"));
    const failed = this.#entries.values().filter((entry) => !entry.model && within(entry.path));
    for (const entry of new Set([...failed, ...fresh])) {
      await (entry.opening ?? this.#open(entry)).catch(() => {}); // kept in the entry
    }
  }

  /** Where all of them lie. */
  places(): readonly string[] {
    return [...this.#entries.values()].map(({ path }) => path);
  }

  /** Those that are open, in the order given. */
  models(): readonly Model[] {
    return [...this.#entries.values()].flatMap(({ model }) => model ?? []);
  }

  /** Those that are not, in the order given. */
  failures(): readonly Failure[] {
    return [...this.#entries.values()].flatMap(({ id, path, model, error }) =>
      model ? [] : { id, path, error }
    );
  }

  /**
   * The model of that id as its files are now, opened again where they changed. Throws `NotFound`
   * naming the ids there are, or where the file is gone; what `openModel` throws where that fails.
   */
  async get(id: string): Promise<Model> {
    const entry = this.#entry(id);
    const model = this.#unchanged(entry);
    if (model) return model;
    if (!entry.opening && isFresh(entry) && !(entry.error instanceof Changed)) throw entry.error;
    return await (entry.opening ?? this.#open(entry));
  }

  /**
   * The same without waiting: where files changed it throws `Changed` and begins to open them, so
   * that a moment later their new version is there.
   */
  current(id: string): Model {
    const entry = this.#entry(id);
    const model = this.#unchanged(entry);
    if (model) return model;
    const { error } = entry;
    if (!entry.opening && (error instanceof Changed || !isFresh(entry))) {
      this.#open(entry).catch(() => {}); // kept in the entry, thrown to whoever asks next
    }
    throw error;
  }

  close(): void {
    for (const entry of this.#entries.values()) entry.model?.close();
    this.#entries.clear();
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry) return entry;
    const known = [...this.#entries.keys()];
    throw new NotFound(`no model "${id}"; there are: ${known.join(", ") || "none"}`, {
      found: id,
      expected: known,
    });
  }

  /** The entry's model if its files are still those that were opened; closes it if not. */
  #unchanged(entry: Entry): Model | undefined {
    const { id, model } = entry;
    if (!model || isFresh(entry)) return model;
    try {
      model.check();
      entry.checked = performance.now();
      return model;
    } catch (error) {
      if (!(error instanceof Changed)) throw error;
      model.close();
      if (entry.isMade) {
        this.#entries.delete(id);
        throw new NotFound(`model "${id}" is gone: ${error.message}`, { found: id }, error);
      }
      delete entry.model;
      const sentence = `model "${id}" is being opened again, ask again: ${error.message}`;
      entry.error = new Changed(sentence, { ...error.details, model: id, retryAfter: 1 }, error);
    }
  }

  #open(entry: Entry, signal?: AbortSignal): Promise<Model> {
    const options = {
      id: entry.id,
      trusted: entry.origin === "given",
      ...(this.#remote ? { remote: this.#remote } : {}),
      ...(signal ? { signal } : {}),
    };
    return entry.opening = openModel(entry.path, options).then((model) => {
      if (this.#entries.get(entry.id) !== entry) {
        model.close();
        const sentence = `model "${entry.id}" was taken out while it was being opened`;
        throw new NotFound(sentence, { found: entry.id });
      }
      entry.model = model;
      delete entry.error;
      return model;
    }, (error) => {
      throw entry.error = error;
    }).finally(() => {
      entry.checked = performance.now();
      delete entry.opening;
    });
  }

  #enter(path: string, origin: Origin): Entry {
    const id = this.#unused(stem(path));
    const entry: Entry = { id, path, origin, checked: -Infinity };
    this.#entries.set(id, entry);
    return entry;
  }

  #unused(stem: string): string {
    const taken = (id: string) => this.#entries.has(id) || reserved.includes(id);
    let id = stem;
    for (let n = 2; taken(id); n++) id = `${stem}-${n}`;
    return id;
  }
}

const isFresh = (entry: Entry) => performance.now() - entry.checked < BELIEVED;
