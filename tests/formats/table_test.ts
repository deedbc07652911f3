import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { FormatError } from "../../src/errors.ts";
import { detect, detectSource } from "../../src/formats/table.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { npyFile, npyHeader, safetensorsFile, utf8, zipFile } from "./build.ts";

const cases: readonly (readonly [string, Uint8Array, string])[] = [
  ["model.safetensors", safetensorsFile("{}"), "safetensors"],
  ["weights.bin", safetensorsFile("{}"), "safetensors"],
  ["broken.safetensors", utf8("\x01"), "safetensors"],
  ["model.safetensors.index.json", utf8('{"weight_map": {}}'), "safetensors"],
  ["a.npy", npyFile(npyHeader("|u1", [0]), utf8("")), "npy"],
  ["a.bin", npyFile(npyHeader("|u1", [0]), utf8("")), "npy"],
  ["a.npz", zipFile([]), "npz"],
  ["npz called.pt", zipFile([{ name: "a.npy", data: utf8("") }]), "npz"],
  ["keras called.h5", zipFile([{ name: "metadata.json", data: utf8("{}") }]), "keras"],
  ["pytorch called.safetensors", zipFile([{ name: "a/data.pkl", data: utf8("") }]), "pytorch"],
  ["safetensors called.onnx", safetensorsFile("{}"), "safetensors"],
];
for (const [name, bytes, format] of cases) {
  Deno.test(`${name} of ${bytes.length} bytes is ${format}`, () => {
    assertEquals(detect(bytes.subarray(0, 64), name).name, format);
  });
}

Deno.test("a file of no known format is refused with its first bytes and the formats there are", () => {
  const { message } = assertThrows(
    () => detect(utf8("GIF89a\x01\x02\x03"), "cat.gif"),
    FormatError,
  );
  assertStringIncludes(message, 'cat.gif starts with 47 49 46 38 39 61 01 02 "GIF89a.."');
  assertStringIncludes(message, "npy, npz");
});

Deno.test("an empty file is refused as empty, whatever it is called", async () => {
  assertThrows(() => detect(utf8(""), "empty"), FormatError, "empty is empty");
  const source = new MemorySource("model.onnx", utf8(""));
  await assertRejects(() => detectSource(source), FormatError, "model.onnx is empty: no model");
});

const impostors: readonly (readonly [string, string, string])[] = [
  [
    "model.safetensors",
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21461\nsize 12345\n",
    'model.safetensors is a Git LFS pointer to 12345 bytes that were not fetched: "git lfs pull"',
  ],
  ["model.onnx", "\n<!DOCTYPE html>\n<html>", "model.onnx is an HTML page: perhaps what a server"],
  ["model.gguf", "Entry not found", 'model.gguf is text, and no model: "Entry not found"'],
  ["model.h5", '{"error": "…"}', "model.h5 is text, and no model"],
  ["model.pt", "\x1f\u008b\x08", "model.pt is compressed by gzip: unpack it first"],
];
for (const [name, content, message] of impostors) {
  Deno.test(`${JSON.stringify(content.slice(0, 20))} in ${name} is told for what it is`, () => {
    const bytes = content.startsWith("\x1f") ? latin1(content) : utf8(content);
    assertThrows(() => detect(bytes, name), FormatError, message);
  });
}

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
