import type { StoreContent } from "../../../src/field/store.ts";

/** Another process at a store. */
export interface Other extends AsyncDisposable {
  /** Its first line. */
  readonly said: string;
  /** Ends it as nothing can be helped against; resolves once it is gone. */
  kill(): Promise<void>;
}

/** Starts `process.ts` and waits until it has said what came of it. */
export async function other(
  root: string,
  content: StoreContent,
  verb: string,
): Promise<Other> {
  const script = new URL("process.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", script, root, JSON.stringify(content), verb],
    ...{ stdin: "piped", stdout: "piped" },
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    said += value;
  }
  let ended: Promise<void> | undefined;
  const kill = () =>
    ended ??= (async () => {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.stdin.abort();
      await child.status;
    })();
  return { said: said.trim(), kill, [Symbol.asyncDispose]: kill };
}
