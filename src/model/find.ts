import { basename, join, resolve } from "node:path";
import { BadRequest, FormatError, NotFound, Unreadable } from "../errors.ts";
import type { Format } from "../formats/format.ts";
import { claimant, claimedByName, formats, HEAD } from "../formats/table.ts";
import { homeOf, liesIn } from "../storage/confine.ts";
import { isRemote } from "../storage/scheme.ts";

const index = /\.safetensors\.index\.json$/;
const shard = /^(.*)-\d{5}-of-(\d{5})\.safetensors$/;
/** What names of files of one model end in before their format's ending. */
const number = /-\d{5}-of-\d{5}(?=\.[a-z]+$)/;
/** Names that say nothing of a model: its folder's name, or its repository's, says more. */
const plain =
  /^(model|pytorch_model|tf_model|adapter_model|diffusion_pytorch_model|saved_model|weights|variables|capture)(\.\w+)*$/;
/** Folders within folders, down from the one that was named. */
const MAX_DEPTH = 8;

/** What a folder holds, itself alone. */
interface Survey {
  /** The files to open for the sharded model that the folder is: an index, or every shard. */
  readonly sharded: readonly string[];
  /** Files that are models of their own. */
  readonly single: readonly string[];
  readonly folders: readonly string[];
}

/** The id that a path suggests: its last part without the ending of its format. */
export function stem(path: string): string {
  const whole = titleOf(path).replace(index, "").replace(number, "");
  const bare = claimedByName(whole) || whole.endsWith(".json")
    ? whole.slice(0, whole.lastIndexOf("."))
    : whole;
  return bare.replace(/^\.+/, "") || "model";
}

/** The last name in a path or a URL, a revision aside: what a person would call it. */
export const titleOf = (path: string): string =>
  isRemote(path) ? lastOf(path) : basename(resolve(path));

function lastOf(url: string): string {
  const path = url.replace(/[?#].*$/, "").replace(/^\w+:\/\//, "").replace(/@[^/]*$/, "");
  const steps = path.replace(/\/(resolve|blob|raw)\/[^/]+(?=\/)/, "").split("/")
    .filter((step) => step !== "");
  const name = steps.findLast((step, i) => i === 0 || !plain.test(step)) ?? "";
  try {
    return basename(decodeURIComponent(name));
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}

/**
 * The files to read for the model at a path, file or folder.
 * Throws `BadRequest` for a folder of several models, `NotFound` for one of none, `FormatError`
 * where shards are missing.
 */
export function locate(path: string): readonly string[] {
  if (!isFolder(path)) return [path];
  const { sharded, single } = survey(path);
  if (sharded.length > 0) return complete(path, sharded);
  if (single.length === 1) return single;
  if (single.length === 0) throw none(path);
  const names = single.map((file) => basename(file));
  throw new BadRequest(`${path} holds ${names.length} models, name one: ${names.join(", ")}`, {
    folder: path,
    found: names,
    expected: "one model",
  });
}

/**
 * The paths of all models under a path, each for `openModel`, in natural order; a folder that is a
 * sharded model, or holds just one file of a plain name such as model.onnx, stands for itself. Left
 * out are hidden folders, links that lead out of the folder, and folders in it that cannot be read:
 * a disk's "lost+found" must not take the others along. Throws `NotFound` where there is none.
 */
export function findModels(path: string): readonly string[] {
  if (isRemote(path) || !isFolder(path)) return [path];
  const found: string[] = [];
  const walk = (folder: string, depth: number) => {
    const { sharded, single, folders } = depth === 0 ? survey(folder) : surveyInner(folder);
    const alone = sharded.length === 0 && single.length === 1 && plain.test(basename(single[0]!));
    if (sharded.length > 0 || alone) found.push(folder);
    if (!alone) found.push(...single);
    if (depth < MAX_DEPTH) folders.forEach((inner) => walk(inner, depth + 1));
  };
  walk(path, 0);
  if (found.length === 0) throw none(path);
  return found;
}

function surveyInner(folder: string): Survey {
  try {
    return survey(folder);
  } catch (error) {
    const isGone = error instanceof Unreadable || error instanceof NotFound;
    if (isGone) return { sharded: [], single: [], folders: [] };
    throw error;
  }
}

function survey(folder: string): Survey {
  const home = attempt(folder, () => homeOf(folder));
  const names = entries(folder);
  const claimed = new Map<string, Format>();
  const inner: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const info = reachable(home, path);
    const format = info?.isFile ? claimant(headOf(path), name) : undefined;
    if (format) claimed.set(name, format);
    if (info?.isDirectory && !name.startsWith(".")) inner.push(name);
  }
  // An index of shards has its own way below: it may stand for the folder.
  const owned = new Set(
    claimed.entries().flatMap(([name, format]) =>
      index.test(name) ? [] : format.companions?.(name, names) ?? []
    ),
  );
  const files = [...claimed.keys()].filter((name) => !owned.has(name))
    .map((name) => join(folder, name));
  const folders = inner.filter((name) => !owned.has(name)).map((name) => join(folder, name));
  const indexes = files.filter((file) => index.test(file));
  const rest = files.filter((file) => !index.test(file));
  if (indexes.length > 0) {
    const single = rest.filter((file) => !file.endsWith(".safetensors"));
    const one = indexes.length === 1;
    return { sharded: one ? indexes : [], single: one ? single : [...indexes, ...single], folders };
  }
  const sets = Map.groupBy(rest, (file) => shard.exec(basename(file))?.slice(1).join("/") ?? "");
  sets.delete("");
  if (sets.size !== 1) return { sharded: [], single: rest, folders };
  const [sharded] = [...sets.values()];
  return { sharded: sharded!, single: rest.filter((file) => !sharded!.includes(file)), folders };
}

/** As much of a file as formats look at; nothing of one that cannot be read. */
function headOf(path: string): Uint8Array {
  const head = new Uint8Array(HEAD);
  try {
    using file = Deno.openSync(path);
    return head.subarray(0, file.readSync(head) ?? 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return head.subarray(0, 0); // claimed by its name or not at all; opening it says why
  }
}

function entries(folder: string): string[] {
  const natural = new Intl.Collator("en", { numeric: true });
  return attempt(folder, () => Array.from(Deno.readDirSync(folder), ({ name }) => name))
    .sort(natural.compare);
}

const { NotFound: Missing, FilesystemLoop, PermissionDenied } = Deno.errors;
const deadEnds = [Missing, FilesystemLoop, PermissionDenied];

/** What a path leads to; undefined for a link that is broken, barred or leaves the home. */
function reachable(home: string, path: string): Deno.FileInfo | undefined {
  try {
    return liesIn(home, path) ? Deno.statSync(path) : undefined;
  } catch (error) {
    if (deadEnds.some((kind) => error instanceof kind)) return;
    throw new Unreadable(`${path} cannot be read`, { file: path }, error);
  }
}

/** Shards name how many they are: "model-00002-of-00005". */
function complete(folder: string, files: readonly string[]): readonly string[] {
  const expected = Number(shard.exec(basename(files[0]!))?.[2] ?? files.length);
  if (files.length === expected) return files;
  throw new FormatError(`${folder} holds ${files.length} of ${expected} shards`, {
    folder,
    found: files.map((file) => basename(file)),
    expected,
  });
}

const isFolder = (path: string) => attempt(path, () => Deno.statSync(path).isDirectory);

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new NotFound(`${path} does not exist`, { path }, cause);
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Unreadable(`${path} cannot be read: ${reason}`, { path }, cause);
  }
}

function none(path: string): NotFound {
  const known = [...new Set(formats.map((format) => format.name))];
  return new NotFound(`${path} holds no model file (${known.join(", ")})`, { path, known });
}
