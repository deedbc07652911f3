/**
 * A C or C++ program, beside the benches unless its path says where, compiled with -O3 and these arguments;
 * null, with the reason printed, where that is not possible.
 */
export function compilePeer(source: string, ...more: readonly string[]): string | null {
  const program = Deno.makeTempFileSync({ prefix: "synaptile-" });
  const path = new URL(source, import.meta.url).pathname;
  try {
    Deno.statSync(path);
    const args = ["-O3", ...more, path, "-lm", "-o", program];
    const { success, stderr } = new Deno.Command("gcc", { args }).outputSync();
    if (success) return program;
    console.log(`The peer does not compile:\n${new TextDecoder().decode(stderr)}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`No peer: ${error.message}`);
  }
  Deno.removeSync(program);
  return null;
}

/** Whether python3 is there, and numpy. */
export function hasNumpy(): boolean {
  try {
    return new Deno.Command("python3", { args: ["-c", "import numpy"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
