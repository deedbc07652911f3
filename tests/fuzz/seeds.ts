import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { claimant, HEAD } from "../../src/formats/table.ts";
import type { Format } from "../../src/formats/format.ts";
import type { Files } from "./case.ts";

/** A real model, and what reads it. */
export interface Seed {
  readonly format: Format;
  readonly model: Files;
}

/** Larger files are left out: every mutation copies them. */
const LARGEST = 4 << 20;

const folder = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Every model file under the fixtures, and, if asked and there, under the larger collection. */
export function seeds(withShared: boolean): Seed[] {
  const roots = [folder("fixtures/"), ...(withShared ? [folder("../shared/models/files/")] : [])];
  return roots.flatMap((root) => {
    const found = within(root).flatMap((path) => seedAt(path) ?? []);
    if (found.length === 0) console.log(`no model files under ${root}`);
    return found;
  });
}

function within(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
      .sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function seedAt(path: string): Seed | undefined {
  const bytes = Deno.readFileSync(path);
  const name = basename(path);
  const format = claimant(bytes.subarray(0, HEAD), name);
  if (!format || bytes.length > LARGEST) return;
  const home = path.slice(0, -name.length);
  const files = new Map([[name, bytes]]);
  for (const other of within(home)) {
    const relative = other.slice(home.length);
    const { size } = Deno.statSync(other);
    if (relative !== name && size <= LARGEST) files.set(relative, Deno.readFileSync(other));
  }
  return { format, model: { main: name, files } };
}
