import { basename } from "node:path";
import type { Format } from "./format.ts";
import { listVariables, openBundle, Shards } from "./tensorflow/variables.ts";

const ENDING = ".index";

/** A checkpoint of TensorFlow, second version: an index of what lies where in files beside. */
export const checkpoint: Format = {
  name: "tensorflow",
  about: {
    title: "TensorFlow checkpoint",
    files: ["*.index", "*.data-00000-of-00001"],
    reads: "the second version, in any number of shards, plain or snappy; partitioned variables, " +
      "either byte order",
    not: "strings, complex numbers, 4-bit elements; the first version",
  },

  claims: (head, name) => name.endsWith(ENDING) && (head.length === 0 || isBundle(head)),

  companions(name, names) {
    const prefix = name.slice(0, -ENDING.length);
    return names.filter((other) =>
      other === `${prefix}.meta` || other === "checkpoint" || other.startsWith(`${prefix}.data-`)
    );
  },

  async list(source, reading = {}) {
    const bundle = await openBundle(source, reading.signal);
    const prefix = basename(source.name).slice(0, -ENDING.length);
    const shards = new Shards(source.name, bundle, prefix, reading);
    return { ...await listVariables(source.name, bundle, shards), metadata: {} };
  },
};

/** The first entry is the header's, whose key is empty; a compressed block begins with its length. */
const isBundle = (head: Uint8Array) =>
  head.subarray(0, 9).some((byte, i) => byte === 0 && head[i + 1] === 0);
