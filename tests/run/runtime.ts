import { Unreadable } from "../../src/errors.ts";
import { runInProcess } from "../../src/run/process.ts";

/** Why no network can be run here; null where one can. */
const missing = await lacks();

/** A test that needs the runtime. */
export function withRuntime(name: string, test: () => Promise<void>): void {
  if (missing === null) Deno.test(name, test);
  else Deno.test.ignore(`${name} (${missing})`, test);
}

async function lacks(): Promise<string | null> {
  const head = { files: [], inputs: [], outputs: [], time: 20_000, bytes: 1 };
  try {
    await runInProcess("a probe", { head, blobs: [new Uint8Array(1)] });
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
  }
  return null;
}
