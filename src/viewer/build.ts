/** Builds the page into `build/`: index.html, and under `assets/` what it loads, named by content. */

const here = new URL("./", import.meta.url);
const out = new URL("build/", here);
const styles = [
  "base",
  "browse",
  "bars",
  "opening",
  "legend",
  "inspector",
  "map",
  "whole",
  "narrow",
  "film",
  "run",
];

/** Folders of what the page shares with the server. */
const shared = ["gpu", "ray", "reference"].map((name) => `../compute/${name}/`)
  .concat("../modes/", "../../wgsl/");

/** Builds the page unless it is newer than all its sources. Returns whether it had to. */
export async function buildViewer({ force = false } = {}): Promise<boolean> {
  if (!force && await isFresh()) return false;
  const assets = new URL("assets/", out);
  await Deno.remove(out, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(assets, { recursive: true });
  const css = (await Promise.all(styles.map((name) => text(`styles/${name}.css`)))).join("\n");
  const named = {
    "app.js": await keep(assets, "app", "js", await bundle()),
    "app.css": await keep(assets, "app", "css", new TextEncoder().encode(css)),
  };
  let html = await text("index.html");
  for (const [plain, hashed] of Object.entries(named)) html = html.replace(plain, hashed);
  // Last, since its being there says that the build is whole.
  await Deno.writeTextFile(new URL("index.html", out), html);
  return true;
}

async function bundle(): Promise<Uint8Array<ArrayBuffer>> {
  const target = await Deno.makeTempFile({ suffix: ".js" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--quiet",
        "--platform=browser",
        "--minify",
        `--output=${target}`,
        new URL("main.ts", here).pathname,
      ],
      cwd: here,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) {
      throw new Error(`The page could not be bundled: ${new TextDecoder().decode(stderr).trim()}`);
    }
    return await Deno.readFile(target);
  } finally {
    await Deno.remove(target);
  }
}

async function keep(folder: URL, stem: string, type: string, content: Uint8Array<ArrayBuffer>) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  const name = `${stem}-${digest.subarray(0, 5).toHex()}.${type}`;
  await Deno.writeFile(new URL(name, folder), content);
  return name;
}

async function isFresh(): Promise<boolean> {
  const built = await modified(new URL("index.html", out));
  if (built === null) return false;
  const sources = ["../../deno.lock", "./", "styles/", ...shared].map((path) =>
    new URL(path, here)
  );
  for (const source of sources) {
    const newest = await modified(source);
    if (newest !== null && newest > built) return false;
    if (!source.href.endsWith("/")) continue;
    for await (const { name, isFile } of Deno.readDir(source)) {
      if (isFile && (await modified(new URL(name, source)) ?? Infinity) > built) return false;
    }
  }
  return true;
}

async function modified(file: URL): Promise<number | null> {
  const info = await Deno.stat(file).catch(ignoreMissing);
  return info?.mtime?.getTime() ?? null;
}

function ignoreMissing(error: unknown): null {
  if (error instanceof Deno.errors.NotFound) return null;
  throw error;
}

const text = (name: string) => Deno.readTextFile(new URL(name, here));

if (import.meta.main) {
  const started = performance.now();
  const built = await buildViewer({ force: Deno.args.includes("--force") });
  const spent = Math.round(performance.now() - started);
  console.log(built ? `Built the page in ${spent} ms` : "The page is up to date");
}
