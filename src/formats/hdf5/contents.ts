import type { Source } from "../../storage/source.ts";
import type { Ignored, TensorInfo } from "../format.ts";
import { malformed, show } from "../malformed.ts";
import { type Attributes, readAttributes } from "./attributes.ts";
import { readDataset } from "./dataset.ts";
import { GlobalHeap } from "./global_heap.ts";
import { readLinks } from "./group.ts";
import { MESSAGE, readHeader } from "./header.ts";
import type { Link } from "./link.ts";
import { type Place, Reader } from "./reader.ts";
import { openSuperblock } from "./superblock.ts";

const MAX_DEPTH = 64;
const MAX_PATH = 4096;
const MAX_LINKS = 1 << 18;
/** Objects whose headers are fetched together. */
const BATCH = 64;

/** What an HDF5 file holds. */
export interface Contents {
  /** Data sets, named by their path from the root: "layers/dense/vars/0". */
  readonly tensors: readonly TensorInfo[];
  readonly ignored: readonly Ignored[];
  /** The attributes of groups, by path; the root's is "". */
  readonly groups: ReadonlyMap<string, Attributes>;
}

/**
 * Reads the headers of an HDF5 file, the whole source or a place in it: every object once, under
 * the first path that leads to it. Links that are paths lead to objects that have one of their own.
 * Specification: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
 */
export async function readContents(
  source: Source,
  place: Place = { start: 0, end: source.size },
  signal?: AbortSignal,
): Promise<Contents> {
  const walk = new Walk(new Reader(source, place, signal));
  await walk.open();
  return walk;
}

class Walk implements Contents {
  readonly tensors: TensorInfo[] = [];
  readonly ignored: Ignored[] = [];
  readonly groups = new Map<string, Attributes>();
  readonly #reader: Reader;
  readonly #heap: GlobalHeap;
  readonly #seen = new Set<number>();
  #links = 0;

  constructor(reader: Reader) {
    this.#reader = reader;
    this.#heap = new GlobalHeap(reader);
  }

  async open(): Promise<void> {
    await this.#object(await openSuperblock(this.#reader), "", 0);
  }

  async #object(address: number, path: string, depth: number): Promise<void> {
    if (this.#seen.has(address)) return;
    this.#seen.add(address);
    const messages = await readHeader(this.#reader, address);
    const has = (...kinds: readonly number[]) => messages.some(({ kind }) => kinds.includes(kind));
    if (has(MESSAGE.layout)) {
      const found = await readDataset(this.#reader, path, messages);
      if ("reason" in found) this.ignored.push({ name: path, reason: found.reason });
      else this.tensors.push(found);
    } else if (has(MESSAGE.symbols, MESSAGE.link, MESSAGE.linkInfo)) {
      if (depth > MAX_DEPTH) {
        const rule = `at most ${MAX_DEPTH}`;
        throw malformed(this.#reader.file, `group ${show(path)} depth`, `over ${MAX_DEPTH}`, rule);
      }
      this.groups.set(path, await readAttributes(this.#reader, messages, this.#heap));
      await this.#members(await readLinks(this.#reader, messages), path, depth);
    }
  }

  async #members(links: readonly Link[], path: string, depth: number): Promise<void> {
    this.#links += links.length;
    const { file } = this.#reader;
    if (this.#links > MAX_LINKS) {
      throw malformed(file, "links", this.#links, `at most ${MAX_LINKS}`);
    }
    for (const [i, { name, address, external }] of links.entries()) {
      if (i % BATCH === 0) {
        const next = links.slice(i, i + BATCH).flatMap(({ address }) => address ?? []);
        await this.#reader.prefetch(next);
      }
      const whole = path === "" ? name : `${path}/${name}`;
      if (whole.length > MAX_PATH) {
        throw malformed(
          file,
          `path ${show(whole)}`,
          `${whole.length} letters`,
          `at most ${MAX_PATH}`,
        );
      }
      if (external !== undefined) {
        const reason = `it lies in another file, ${show(external)}`;
        this.ignored.push({ name: whole, reason });
      }
      if (address !== undefined) await this.#object(address, whole, depth + 1);
    }
  }
}
