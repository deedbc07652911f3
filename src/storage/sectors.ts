/**
 * Bytes in a sector: what caches keep or lack as one. Small, since a row of a tile is half a
 * kilobyte, and what is fetched beyond it to fill its sectors is fetched in vain.
 */
export const SECTOR = 128;

/** Sectors of one object that were fetched before. The object's last sector may be shorter. */
export interface Sectors {
  /**
   * Copies the sectors that are there from sector `first` on into `into`, which starts there; tells
   * `lacking` of each run that is not, as numbers of sectors.
   */
  read(first: number, into: Uint8Array, lacking: (from: number, to: number) => void): void;
  /** Keeps bytes, whole sectors but for the object's last one, from sector `first` on. */
  write(first: number, bytes: Uint8Array): void;
}

/** Calls `visit` for each sector of some bytes: its number from 0 on, and its bytes. */
export function forEachSector(
  bytes: Uint8Array,
  visit: (sector: Uint8Array, number: number) => void,
): void {
  for (let i = 0, at = 0; at < bytes.length; i++, at += SECTOR) {
    visit(bytes.subarray(at, at + SECTOR), i);
  }
}

/** Collects numbers that come in ascending order into runs, each ended by the first that is not in it. */
export function runs(visit: (from: number, to: number) => void) {
  let from = -1, to = -1;
  const end = () => {
    if (from >= 0) visit(from, to);
    from = -1;
  };
  return {
    add(number: number): void {
      if (number !== to) end();
      if (from < 0) from = number;
      to = number + 1;
    },
    end,
  };
}

/** Sectors of memory that are let go of together; a bit of a 32-bit mask for each. */
const TOGETHER = 32;

interface Page {
  readonly bytes: Uint8Array;
  /** Bit i: sector i is there. */
  mask: number;
}

/** Sectors of many objects in memory, bounded by their bytes: those used longest ago go first. */
export class MemoryCache {
  readonly #limit: number;
  /** By object and page; a page that is used is inserted again. */
  readonly #pages = new Map<number, Page>();
  #objects = 0;

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = Math.max(1, Math.floor(limit / (TOGETHER * SECTOR)));
  }

  /** Room for one more object. */
  object(): Sectors {
    const base = this.#objects++ * 2 ** 32;
    return {
      read: (first, into, lacking) => {
        const missing = runs(lacking);
        forEachSector(into, (sector, i) => {
          const page = this.#use(base + Math.floor((first + i) / TOGETHER));
          const place = (first + i) % TOGETHER;
          if (page && page.mask >>> place & 1) {
            sector.set(page.bytes.subarray(place * SECTOR, place * SECTOR + sector.length));
          } else missing.add(first + i);
        });
        missing.end();
      },
      write: (first, bytes) => {
        forEachSector(bytes, (sector, i) => {
          const page = this.#make(base + Math.floor((first + i) / TOGETHER));
          const place = (first + i) % TOGETHER;
          page.bytes.set(sector, place * SECTOR);
          page.mask |= 1 << place;
        });
      },
    };
  }

  #use(key: number): Page | undefined {
    const page = this.#pages.get(key);
    if (!page) return undefined;
    this.#pages.delete(key);
    this.#pages.set(key, page);
    return page;
  }

  #make(key: number): Page {
    const known = this.#use(key);
    if (known) return known;
    const page = { bytes: new Uint8Array(TOGETHER * SECTOR), mask: 0 };
    this.#pages.set(key, page);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= this.#limit) break;
      this.#pages.delete(oldest);
    }
    return page;
  }
}
