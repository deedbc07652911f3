import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The command line as a process of its own, with what the task allows it. */
export function command(...args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", "--config", `${root}deno.json`],
      ...["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-ffi"],
      `--allow-run=${Deno.execPath()}`,
      `${root}src/cli/main.ts`,
      ...args,
    ],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });
}

/** Runs to the end. */
export async function run(...args: readonly string[]) {
  const { code, stdout, stderr } = await command(...args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A folder with a model file in it, removed afterwards. */
export async function withFile(
  bytes: Uint8Array,
  test: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/model.safetensors`;
    await Deno.writeFile(path, bytes);
    await test(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
