import { closeSync, constants, ftruncateSync, openSync, readSync } from "node:fs";
import { writeAll } from "./journal.ts";

/** A file that tiles are appended to. */
export class DataFile {
  readonly #fd: number;
  readonly #path: string;
  #end: number;
  #closed = false;

  /** Opens or makes it. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT);
    this.#end = Deno.statSync(path).size;
  }

  /** Where the next piece goes. */
  get end(): number {
    return this.#end;
  }

  /** Drops everything from `end` on; a longer `end` leaves a hole. */
  truncate(end: number): void {
    ftruncateSync(this.#fd, end);
    this.#end = end;
  }

  append(bytes: Uint8Array): void {
    writeAll(this.#fd, bytes, this.#end);
    this.#end += bytes.length;
  }

  overwrite(bytes: Uint8Array, at: number): void {
    writeAll(this.#fd, bytes, at);
  }

  read(at: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, at));
  }

  /** Moves it to its place, whole and closed. */
  moveTo(place: string): void {
    this.close();
    Deno.renameSync(this.#path, place);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }
}
