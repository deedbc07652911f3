/**
 * Compiles `assembly/index.ts` to `assembly/build/kernels.wasm`, unless that is newer than every
 * source: `deno task build`.
 */
import { fileURLToPath } from "node:url";

const folder = new URL("./", import.meta.url);
const output = new URL("build/kernels.wasm", folder);

/** 4,096 pages of 64 KiB. Fixed, so that views of it never detach; untouched pages cost nothing. */
const PAGES = 4096;

const modified = (url: URL) => Deno.statSync(url).mtime?.getTime() ?? 0;

function isFresh(): boolean {
  const sources = [...Deno.readDirSync(folder)]
    .filter((entry) => entry.isFile && entry.name.endsWith(".ts"))
    .map((entry) => new URL(entry.name, folder));
  try {
    const built = modified(output);
    return sources.every((source) => modified(source) < built);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function build(): Promise<void> {
  const { default: asc } = await import("assemblyscript/asc");
  Deno.mkdirSync(new URL("build/", folder), { recursive: true });
  // Written beside and renamed, so that a build cut short leaves no half file.
  const part = `build/kernels.${Deno.pid}.part`;
  const options = [
    ...["index.ts", "-o", part, "--baseDir", fileURLToPath(folder)],
    ...[
      "-O3",
      "--noAssert",
      "--converge",
      "--enable",
      "simd",
      "--enable",
      // For products of which none is the one that differs between processors: −1 times −1.
      "relaxed-simd",
      "--runtime",
      "stub",
    ],
    ...["--initialMemory", `${PAGES}`, "--maximumMemory", `${PAGES}`],
  ];
  const { error, stderr } = await asc.main(options);
  if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr}`);
  Deno.renameSync(new URL(part, folder), output);
}

if (!isFresh()) await build();
