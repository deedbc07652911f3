import { FormatError } from "../errors.ts";
import type { Source } from "../storage/source.ts";
import { capture } from "./capture.ts";
import { epochJson } from "./epoch_json.ts";
import type { Format } from "./format.ts";
import { gguf } from "./gguf.ts";
import { hdf5 } from "./hdf5.ts";
import { impostorOf } from "./impostor.ts";
import { keras } from "./keras.ts";
import { npy } from "./npy.ts";
import { npz } from "./npz.ts";
import { onnx } from "./onnx.ts";
import { pytorch } from "./pytorch.ts";
import { safetensors } from "./safetensors.ts";
import { shardedPytorch, shardedSafetensors } from "./sharded.ts";
import { checkpoint } from "./tensorflow_checkpoint.ts";
import { graphDef } from "./tensorflow_graph_def.ts";
import { savedModel } from "./tensorflow_saved_model.ts";
import { tfjs } from "./tfjs.ts";

/** Every kind of model file that can be read; the first that claims a file has it. */
export const formats: readonly Format[] = [
  shardedSafetensors,
  shardedPytorch,
  capture,
  safetensors,
  npy,
  npz,
  onnx,
  checkpoint,
  savedModel,
  graphDef,
  gguf,
  hdf5,
  keras,
  tfjs,
  epochJson,
  pytorch,
];

/** Bytes of a file that `claims` may look at. */
export const HEAD = 4096;

/** The format of a file with these first bytes and this name. Throws `FormatError` for none. */
export function detect(head: Uint8Array, name: string): Format {
  const format = claimant(head, name);
  const byName = format && !format.claims(head, "") && !name.endsWith(".json");
  const impostor = !format || byName ? impostorOf(head) : undefined;
  if (impostor !== undefined) throw refuse(name, impostor);
  if (format) return format;
  const found = head.length === 0 ? "is empty" : `starts with ${describe(head.subarray(0, 8))}`;
  throw refuse(name, `${found}: no known model format (${known().join(", ")})`);
}

const known = () => [...new Set(formats.map((format) => format.name))];

const refuse = (file: string, found: string) =>
  new FormatError(`${file} ${found}`, { file, found, expected: known() });

/**
 * The format that claims a file with these first bytes and this name, if any does: one that knows
 * the bytes before those that only know the name, for files are often called what they are not.
 */
export const claimant = (head: Uint8Array, name: string): Format | undefined =>
  formats.find((format) => head.length > 0 && format.claims(head, "")) ??
    formats.find((format) => format.claims(head, name));

/** Whether a file of this name is taken for a model before its first bytes are seen. */
export const claimedByName = (name: string): boolean =>
  claimant(new Uint8Array(), name) !== undefined;

/** Reads as much as `detect` needs of a source, and decides. */
export async function detectSource(source: Source, signal?: AbortSignal): Promise<Format> {
  if (source.size === 0) throw refuse(source.name, "is empty: no model");
  return detect(await source.read(0, Math.min(HEAD, source.size), signal), source.name);
}

function describe(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const text = Array.from(
    bytes,
    (byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".",
  );
  return `${hex} "${text.join("")}"`;
}
