import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FormatError } from "../../src/errors.ts";
import { detect } from "../../src/formats/table.ts";
import { npyFile, npyHeader, safetensorsFile, utf8, zipFile } from "./build.ts";

const cases: readonly (readonly [string, Uint8Array, string])[] = [
  ["model.safetensors", safetensorsFile("{}"), "safetensors"],
  ["weights.bin", safetensorsFile("{}"), "safetensors"],
  ["broken.safetensors", utf8("?"), "safetensors"],
  ["model.safetensors.index.json", utf8('{"weight_map": {}}'), "safetensors"],
  ["a.npy", npyFile(npyHeader("|u1", [0]), utf8("")), "npy"],
  ["a.bin", npyFile(npyHeader("|u1", [0]), utf8("")), "npy"],
  ["a.npz", zipFile([]), "npz"],
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

Deno.test("an empty file is refused as empty", () => {
  assertThrows(() => detect(utf8(""), "empty"), FormatError, "empty is empty");
});
