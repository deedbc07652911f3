import { isFormat } from "../tile/address.ts";
import { askedOf } from "../tile/links.ts";
import { type Engine, formats, type View } from "../tile/tile.ts";
import { backendFlags, backendOf, settleBackend } from "./backend.ts";
import { besideFlag, openBeside } from "./beside.ts";
import { parameterFlag, parametersOf } from "./parameters.ts";
import { writeFile } from "./output.ts";
import { usualZoom, writePlane } from "./plane.ts";
import { reachFlags, reachOf } from "./reach.ts";
import { type Given, UsageError, type Verb } from "./verb.ts";

export const render: Verb = {
  name: "render",
  operands: "MODEL LAYER -o FILE",
  about: "Draw one tile, or a whole plane, into a file.",
  flags: {
    output: {
      type: "string",
      short: "o",
      value: "FILE",
      about: "what to write; its ending is the format",
    },
    mode: { type: "string", short: "m", value: "MODE", about: "weights unless given" },
    z: {
      type: "string",
      short: "z",
      value: "Z",
      about: "zoom: 0 unless given; for --plane native, or 1024 pixels of what has no cells",
    },
    x: { type: "string", short: "x", value: "X", about: "column of the tile: 0 unless given" },
    y: { type: "string", short: "y", value: "Y", about: "row of the tile: 0 unless given" },
    density: { type: "string", value: "1|2", about: "2 draws 512 × 512 pixels of the same area" },
    plane: { type: "boolean", about: "the whole plane at that zoom as one PNG" },
    ...parameterFlag,
    ...besideFlag,
    workers: { type: "string", value: "N", about: "threads that draw; one a core unless given" },
    ...backendFlags,
    ...reachFlags,
    progress: { type: "boolean", about: "tell how far it is, even if nobody looks" },
    help: { type: "boolean", short: "h", about: "this text" },
  },
  examples: [
    "render model.safetensors fc1 --z 2 --x 1 --y 3 -o tile.png",
    "render model.safetensors fc1.weight --plane --param colormap=viridis -o plane.png",
  ],

  async run(given, signal) {
    const [path, layer, ...others] = given.operands;
    const output = given.text("output");
    if (path === undefined || layer === undefined || others.length > 0) {
      throw new UsageError(
        `render takes MODEL and LAYER, found ${given.operands.length} arguments`,
      );
    }
    if (output === undefined) throw new UsageError("-o FILE is missing");
    const workers = given.whole("workers", 1, 256);
    const { engine, model } = await openBeside(path, given, {
      cacheBytes: 0,
      remote: reachOf(given),
      ...backendOf(given),
      ...(workers === undefined ? {} : { workers }),
    });
    try {
      const mode = given.text("mode") ?? "weights";
      const view = engine.view(model.id, layer, mode, parametersOf(given));
      await settleBackend(engine, view);
      const draw = given.has("plane") ? drawPlane : drawTile;
      await draw(engine, view, layer, given, output, signal);
      return 0;
    } finally {
      await engine.close();
    }
  },
};

type Draw = (
  engine: Engine,
  view: View,
  layer: string,
  given: Given,
  output: string,
  signal: AbortSignal,
) => Promise<void>;

const drawTile: Draw = async (engine, view, layer, given, output, signal) => {
  const format = output.slice(output.lastIndexOf(".") + 1);
  if (!isFormat(format)) {
    const known = Object.keys(formats).map((name) => `.${name}`).join(", ");
    throw new UsageError(`${output} does not end in one of ${known}`);
  }
  const { bytes } = await engine.ticket({
    model: view.model.id,
    layer,
    mode: view.mode.name,
    z: given.whole("z", 0) ?? 0,
    x: given.whole("x", 0) ?? 0,
    y: given.whole("y", 0) ?? 0,
    density: given.whole("density", 1, 2) === 2 ? 2 : 1,
    format,
    query: askedOf(view),
  }).tile(signal);
  await writeFile(output, [bytes]);
};

const drawPlane: Draw = async (engine, view, layer, given, output, signal) => {
  if (!output.endsWith(".png")) throw new UsageError(`a whole plane is a .png, not ${output}`);
  const misfit = ["x", "y", "density"].find((flag) => given.text(flag) !== undefined);
  if (misfit) {
    throw new UsageError(`--plane is the whole plane: --${misfit} has no meaning with it`);
  }
  const z = given.whole("z", 0) ?? usualZoom(view);
  await writePlane(engine, view, layer, z, output, given.has("progress"), signal);
};
