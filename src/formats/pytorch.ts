import { basename } from "node:path";
import type { Source } from "../storage/source.ts";
import type { Format } from "./format.ts";
import { malformed } from "./malformed.ts";
import { listArchive } from "./pytorch/archive.ts";
import { listLegacy } from "./pytorch/legacy.ts";
import { firstMember } from "./zip.ts";

const named = /\.(pt|pth|ckpt|ptl)$|(^|\/)pytorch_model[^/]*\.bin$/i;
/** Records with which PyTorch's archives begin: data.pkl, or TorchScript's first storage. */
const record = /^[^/]+\/(data\.pkl|version|byteorder|\.format_version|(data|constants|code)\/.*)$/;
/** LONG1 of ten bytes, 0x1950a86a20f9469cfc6c, STOP: the first pickle of the older form. */
const MAGIC = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
const PROTO = 0x80;
/** A tar header has its magic here. */
const TAR = 257;

/**
 * PyTorch's checkpoints and TorchScript modules. Their pickles are read as data by a machine that
 * can neither import nor call: see `pytorch/classes.ts` for what is refused, and why.
 * https://docs.pytorch.org/docs/stable/notes/serialization.html
 */
export const pytorch: Format = {
  name: "pytorch",
  about: {
    title: "PyTorch",
    files: ["*.pt", "*.pth", "*.ckpt", "pytorch_model.bin"],
    reads: "zip checkpoints, the form before version 1.6, TorchScript, whole modules; nested " +
      "states, views, shared storages, all real element types, both endians, quantized tensors",
    not: "pickles that call what rebuilds no tensor or container: nothing in a file is run; " +
      "the tar form before version 0.1.10; complex numbers",
  },

  claims: (head, name) => head.length === 0 ? named.test(name) : formOf(head, name) !== undefined,

  async list(source, { signal } = {}) {
    const form = formOf(await source.read(0, Math.min(source.size, 512), signal), source.name);
    const base = basename(source.name).replace(/\.[^.]*$/, "");
    if (form === "archive") return await listArchive(source, base, signal);
    if (form === "legacy") return await listLegacy(source, base, signal);
    throw unknown(source, form);
  },
};

/** Which of PyTorch's forms a file has, by its first bytes and its name. */
function formOf(
  head: Uint8Array,
  name: string,
): "archive" | "legacy" | "tar" | "pickle" | undefined {
  const text = Array.from(head.subarray(0, 512), (byte) => String.fromCharCode(byte)).join("");
  if (text.startsWith("PK\x03\x04")) {
    return named.test(name) || record.test(firstMember(head)) ? "archive" : undefined;
  }
  if (text.slice(0, 32).includes(MAGIC)) return "legacy";
  if (!named.test(name)) return undefined;
  if (text.startsWith("ustar", TAR)) return "tar";
  return head[0] === PROTO ? "pickle" : undefined;
}

function unknown({ name }: Source, form: string | undefined): Error {
  const expected = "an archive or a sequence of pickles that torch.save wrote";
  if (form === "tar") {
    return malformed(name, "form", "the tar archive of PyTorch before 0.1.10", expected);
  }
  if (form === "pickle") {
    return malformed(name, "form", "a pickle without PyTorch's magic", expected);
  }
  return malformed(name, "first bytes", "those of no form of PyTorch's", expected);
}
