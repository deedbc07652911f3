import type { Source } from "../storage/source.ts";
import type { Format, Metadata } from "./format.ts";
import { type Contents, readContents } from "./hdf5/contents.ts";
import { type JsonObject, parseObject } from "./json.ts";
import { graphOfConfig } from "./keras/config.ts";
import { inConfigOrder, namesByLayer } from "./keras/saved.ts";
import { withNamedKernels } from "./kernels.ts";
import { malformed, show } from "./malformed.ts";
import { firstMember, inflated, listZip, type Member, readMember } from "./zip.ts";

const WEIGHTS = "model.weights.h5";
const CONFIG = "config.json";
const METADATA = "metadata.json";
const MAX_JSON = 1 << 26;

/** Keras' own archive: a zip file of a config, metadata and weights in HDF5. */
export const keras: Format = {
  name: "keras",
  about: {
    title: "Keras archive",
    files: ["*.keras"],
    reads: "weights, stored or deflated, the graph of the config, metadata",
    not: "archives without model.weights.h5, such as those of weights in shards",
  },

  claims: (head, name) =>
    name.endsWith(".keras") || [METADATA, WEIGHTS].includes(firstMember(head)),

  async list(source, { signal } = {}) {
    const members = new Map((await listZip(source, signal)).map((member) => [member.name, member]));
    const weights = members.get(WEIGHTS);
    if (!weights) {
      const found = [...members.keys()].slice(0, 8).map(show).join(", ");
      throw malformed(source.name, "members", found || "none", `among them ${show(WEIGHTS)}`);
    }
    const json = async (name: string) => {
      const member = members.get(name);
      return member && await readJson(source, member, signal);
    };
    const config = await json(CONFIG);
    const contents = await readWeights(source, weights, signal);
    const graph = config && graphOfConfig(config, namesByLayer(contents, config));
    return {
      tensors: withNamedKernels(inConfigOrder(contents, config), graph),
      ignored: contents.ignored,
      metadata: metadataOf(await json(METADATA) ?? {}),
      ...(graph ? { graph } : {}),
    };
  },
};

/** A deflated member is inflated as a whole, here and when its tensors are looked at. */
function readWeights(source: Source, member: Member, signal?: AbortSignal): Promise<Contents> {
  const { offset, packed, deflated } = member;
  if (!deflated) return readContents(source, { start: offset, end: offset + packed }, signal);
  return readContents(inflated(source, member), undefined, signal);
}

async function readJson(source: Source, member: Member, signal?: AbortSignal): Promise<JsonObject> {
  const { name, size } = member;
  if (size > MAX_JSON) throw malformed(source.name, `${name} size`, size, `at most ${MAX_JSON}`);
  const bytes = await readMember(source, member, signal);
  return parseObject(source.name, name, bytes).object;
}

/** Words and numbers; what is nested is written as JSON. */
const metadataOf = (object: JsonObject): Metadata =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key,
      isPlain(value) ? value : JSON.stringify(value),
    ]),
  );

const isPlain = (value: unknown): value is string | number | boolean | null =>
  value === null || ["string", "number", "boolean"].includes(typeof value);
