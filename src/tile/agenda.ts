import type { Facts } from "../modes/mode.ts";
import type { StoredPyramid } from "../field/store.ts";
import type { Found } from "./record.ts";

/** A layer that is read, and what is known of it. */
export interface Subject {
  status: "waiting" | "busy" | "elsewhere" | "done" | "failed";
  found:
    | { readonly found: Found; readonly facts: Facts; readonly stored: StoredPyramid | null }
    | null;
  /** Why it cannot be read. */
  detail: string | null;
  /** Cells measured so far. */
  cells: number;
}

/** The layers of a model, by their numbers in the layout, and the order in which they are read. */
export class Agenda {
  readonly subjects: readonly Subject[];
  readonly #wanted = new Set<number>();

  constructor(layers: number) {
    this.subjects = Array.from({ length: layers }, () => ({
      status: "waiting",
      found: null,
      detail: null,
      cells: 0,
    }));
  }

  get isDone(): boolean {
    return this.subjects.every(({ status }) => status === "done");
  }

  /** Has a layer read before others. */
  want(plane: number): void {
    if (this.subjects[plane]!.found) return;
    // What is looked at now comes before what was looked at earlier.
    this.#wanted.delete(plane);
    this.#wanted.add(plane);
  }

  /** The layer wanted last, else the first one; those that another process reads come last. */
  next(): number | null {
    for (const plane of [...this.#wanted].reverse()) {
      if (this.subjects[plane]!.status === "waiting") return plane;
      if (this.subjects[plane]!.status !== "elsewhere") this.#wanted.delete(plane);
    }
    const first = this.subjects.findIndex(({ status }) => status === "waiting");
    if (first >= 0) return first;
    const elsewhere = this.subjects.findIndex(({ status }) => status === "elsewhere");
    return elsewhere < 0 ? null : elsewhere;
  }
}
