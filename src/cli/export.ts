import { extname } from "node:path";
import { exportPlane } from "../tile/export/export.ts";
import { type ImageFormat, images, type Kind } from "../tile/export/sink.ts";
import { kinds } from "../tile/export/table.ts";
import { isThere } from "../tile/export/disk.ts";
import { backendFlags, backendOf, settleBackend } from "./backend.ts";
import { besideFlag, openBeside } from "./beside.ts";
import { parameterFlag, parametersOf } from "./parameters.ts";
import { usualZoom, writePlane } from "./plane.ts";
import { progress } from "./progress.ts";
import { reachFlags, reachOf } from "./reach.ts";
import { type Given, UsageError, type Verb } from "./verb.ts";

/** The kind that is no pyramid. */
const PNG = "png";
const formats = [...kinds.map(({ name }) => name), PNG];
const endings = [...kinds.flatMap(({ endings }) => endings), ".png"];

export const exportVerb: Verb = {
  name: "export",
  operands: "MODEL LAYER -o OUT",
  about: "Write a plane with all its zooms, for any viewer; goes on where a run before stopped.",
  flags: {
    output: { type: "string", short: "o", value: "OUT", about: `where to: ${endings.join(", ")}` },
    format: {
      type: "string",
      value: formats.join("|"),
      about: "what to write, whatever the ending",
    },
    mode: { type: "string", short: "m", value: "MODE", about: "weights unless given" },
    ...parameterFlag,
    ...besideFlag,
    image: { type: "string", value: images.join("|"), about: "of tiles: png unless given" },
    z: {
      type: "string",
      short: "z",
      value: "Z",
      about: "nearest zoom: native unless given, 2 of volumes",
    },
    force: {
      type: "boolean",
      about: "replace what is there, and begin anew where another export stopped",
    },
    workers: { type: "string", value: "N", about: "threads that draw; one a core unless given" },
    ...backendFlags,
    ...reachFlags,
    progress: { type: "boolean", about: "tell how far it is, even if nobody looks" },
    help: { type: "boolean", short: "h", about: "this text" },
  },
  examples: [
    "export model.safetensors fc1 -o fc1.dzi",
    "export model.safetensors fc1 --param colormap=viridis --image webp -o fc1.pmtiles",
  ],

  async run(given, signal) {
    const [path, layer, ...others] = given.operands;
    const out = given.text("output");
    if (path === undefined || layer === undefined || others.length > 0) {
      throw new UsageError(
        `export takes MODEL and LAYER, found ${given.operands.length} arguments`,
      );
    }
    if (out === undefined) throw new UsageError("-o OUT is missing");
    const kind = kindOf(given, out);
    const image = imageOf(given, kind);
    const workers = given.whole("workers", 1, 256) ?? navigator.hardwareConcurrency;
    const { engine, model } = await openBeside(path, given, {
      cacheBytes: 0,
      remote: reachOf(given),
      ...backendOf(given),
      workers,
    });
    const force = given.has("force"), told = given.has("progress");
    let sign: ReturnType<typeof progress> | undefined;
    try {
      const mode = given.text("mode") ?? "weights";
      const view = engine.view(model.id, layer, mode, parametersOf(given));
      const z = given.whole("z", 0) ?? usualZoom(view);
      await settleBackend(engine, view);
      if (kind === PNG) {
        if (!force && isThere(out)) {
          throw new UsageError(`${out} is there already; --force replaces it`);
        }
        await writePlane(engine, view, layer, z, out, told, signal);
        return 0;
      }
      await exportPlane(engine, {
        ...{ view, layer, kind, out, image, z, force, signal, workers },
        begin(total, done) {
          sign = progress({ unit: "tiles", total, done, force: told });
        },
        tick: (bytes) => sign?.tick(bytes),
      });
      return 0;
    } finally {
      sign?.end();
      await engine.close();
    }
  },
};

/** What to write. Throws `UsageError` naming what there is. */
function kindOf(given: Given, out: string): Kind | typeof PNG {
  const format = given.text("format"), ending = extname(out).toLowerCase();
  if (format === undefined) {
    const kind = kinds.find(({ endings }) => endings.includes(ending));
    if (kind || ending === ".png") return kind ?? PNG;
    throw new UsageError(`${out} does not end in one of ${endings.join(", ")}; or give --format`);
  }
  const kind = kinds.find(({ name }) => name === format);
  if (kind || format === PNG) return kind ?? PNG;
  throw new UsageError(`--format ${format} is not one of ${formats.join(", ")}`);
}

function imageOf(given: Given, kind: Kind | typeof PNG): ImageFormat {
  const name = given.text("image") ?? "png";
  const image = images.find((image) => image === name);
  if (kind === PNG && name !== "png") {
    throw new UsageError(`a whole plane is a .png: --image ${name} has no meaning with it`);
  }
  if (image) return image;
  throw new UsageError(`--image ${name} is not one of ${images.join(", ")}`);
}
