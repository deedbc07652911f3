import type { Engine } from "../../src/tile/tile.ts";

const LEARNED = "rule=learned&network=flower&start=seed&field=rgb";

/** Tiles that one can look at: what each mode draws of the models in `fixtures/`, as PNG files. */
export const goldenTiles = [
  ["whole-matrix", "tiny-transformer", "blocks.0.fc", "weights", "0/0/0", ""],
  ["aggregated", "burn-mnist", "fc1", "weights", "3/0/0", ""],
  ["aggregated-from-pyramid", "burn-mnist", "fc1", "weights", "1/0/0", ""],
  ["native", "burn-mnist", "fc1", "weights", "6/1/0", ""],
  ["mosaic-of-kernels", "burn-mnist", "conv3", "weights", "0/0/0", "colormap=ember-ice"],
  ["folded-vector", "tiny-transformer", "blocks.0.qkv.bias", "weights", "0/0/0", ""],
  ["fortran-order", "digits-mlp-l2-fortran", "digits-mlp-l2-fortran", "weights", "0/0/0", ""],
  [
    "sequential-minmax",
    "tiny-transformer",
    "token",
    "weights",
    "0/0/0",
    "colormap=magma&normalize=minmax",
  ],
  [
    "clipped-log",
    "tiny-transformer",
    "blocks.1.out",
    "weights",
    "0/0/0",
    "normalize=log&clip=0.05",
  ],
  ["range", "tiny-transformer", "head", "weights", "0/0/0", "range=-0.1,0.3&colormap=viridis"],
  ["artistic", "tiny-transformer", "blocks.2.fc", "weights", "0/0/0", "scientific=0"],
  ["enlarged", "tiny-transformer", "blocks.0.qkv", "weights", "3/1/1", ""],
  ["opened", "tiny-transformer", "blocks.0.qkv", "weights", "4/1/1", ""],
  ["printed", "tiny-transformer", "blocks.0.qkv", "weights", "5/1/1", ""],
  ["nine-microcells", "tiny-transformer", "blocks.0.qkv", "weights", "6/1/1", "microcell=3"],
  ["automaton-0", "tiny-transformer", "blocks.1.fc", "automaton", "1/0/0", "t=0"],
  ["automaton-16", "tiny-transformer", "blocks.1.fc", "automaton", "1/0/0", "t=16"],
  ["automaton-128", "tiny-transformer", "blocks.1.fc", "automaton", "1/0/0", "t=128"],
  ["learned-16", "tiny-transformer", "blocks.0.proj", "automaton", "2/0/0", `t=16&${LEARNED}`],
  ["learned-128", "tiny-transformer", "blocks.0.proj", "automaton", "2/0/0", `t=128&${LEARNED}`],
  ["octree-slice", "tiny-transformer", "blocks.1.fc", "octree", "4/0/1", "axis=x"],
  ["volume", "burn-mnist", "conv3", "voxels", "0/0/0", "density=3"],
  ["volume-directions", "burn-mnist", "conv3", "voxels", "0/0/0", "colour=direction"],
  ["volume-cubes", "tiny-transformer", "blocks.1.fc", "voxels", "0/0/0", "render=cubes&yaw=120"],
  ["volume-cut", "burn-mnist", "conv3", "voxels", "0/0/0", "render=maximum&axis=z&slice=0.4"],
  [
    "octree-stack",
    "tiny-transformer",
    "blocks.1.fc",
    "octree",
    "2/0/0",
    "stack=blocks&axis=y&slice=5&epsilon=1",
  ],
  [
    "volume-stack",
    "tiny-transformer",
    "blocks.1.ln1",
    "voxels",
    "0/0/0",
    "stack=blocks&render=cubes&opacity=haze&normalize=minmax",
  ],
  ["volume-activations", "digits-cnn", "act/conv1", "voxels", "0/0/0", ""],
  ["octree-activations", "digits-cnn", "act/conv1", "octree", "1/0/0", "epsilon=0.5"],
  ["blended", "burn-mnist", "conv3", "weights", "0/0/0", "scientific=0&blend=0.4&blend_depth=5"],
  ["gradients", "digits-cnn", "fc1", "gradients", "1/0/0", ""],
  ["slopes", "digits-cnn", "conv3", "gradients", "1/0/0", "hsv=1"],
  ["activations", "digits-cnn", "conv1", "activations", "0/0/0", ""],
  ["activations-of-one", "digits-cnn", "conv1", "activations", "1/0/0", "sample=3"],
  ["activations-mean", "digits-cnn", "conv2", "activations", "1/0/0", "reduce=mean&over=channels"],
  ["activations-colours", "digits-cnn", "conv1", "activations", "3/0/0", "reduce=pca"],
  ["attention-clusters", "decoder", "block3", "attention", "1/0/0", "laplacian=1"],
  ["attention-order", "decoder", "block3", "attention", "1/0/0", "order=fiedler&symmetric=1"],
  ["spectral", "tiny-transformer", "blocks.3.fc", "spectral", "0/0/0", "k=2"],
  ["attention-head-0", "decoder", "block0", "attention", "1/0/0", "head=0"],
  ["attention-head-1", "decoder", "block3", "attention", "1/0/0", "head=1"],
  ["attention-mean", "decoder", "block3", "attention", "1/0/0", ""],
  ["attention-power", "decoder", "block3", "attention", "1/0/0", "head=1&power=8"],
  ["norms-of-kernels", "digits-cnn", "conv3", "norms", "3/0/0", ""],
  ["norms-of-all", "tiny-transformer", "_", "norms", "2/0/0", ""],
  ["norms-of-a-network", "digits-cnn", "_", "norms", "3/0/0", ""],
  ["norms-printed", "digits-cnn", "_", "norms", "5/0/0", "height=norm"],
  ["jacobian", "digits-cnn", "fc2", "jacobian", "3/0/0", "sample=2"],
  ["jacobian-leading", "digits-cnn", "input", "jacobian", "3/0/0", "sample=3&hue=leading"],
  ["jacobian-probed", "digits-mlp", "l1", "jacobian", "3/0/0", "sample=2&method=hutchinson"],
  ["packed-statistics", "burn-mnist", "fc1", "stats", "3/0/0", ""],
  ["packed-gradients", "digits-cnn", "fc1", "stats", "1/0/0", "gain=30&opaque=1"],
  ["opened-gradients", "digits-cnn", "conv3", "weights", "4/1/1", ""],
  ["spectrum", "tiny-transformer", "blocks.0.fc", "spectrum", "0/0/0", ""],
  ["spectrum-values", "tiny-transformer", "blocks.0.fc", "spectrum", "2/0/0", "show=values"],
  ["spectrum-rank-two", "rank-two", "rank-two", "spectrum", "1/0/0", ""],
  ["spectrum-random", "random", "random", "spectrum", "1/0/0", "show=density&spacing=linear"],
  ["spectrum-near", "random", "random", "spectrum", "4/13/3", "ground=light"],
] as const;

/** The golden tile of that name, as the engine draws it now. */
export async function draw(engine: Engine, golden: (typeof goldenTiles)[number]) {
  const [, model, layer, mode, place, query] = golden;
  const [z = 0, x = 0, y = 0] = place.split("/").map(Number);
  const address = { model, layer, mode, z, x, y, density: 1, format: "png" } as const;
  return (await engine.ticket({ ...address, query: new URLSearchParams(query) }).tile()).bytes;
}

/** Where the pictures are kept. */
export const goldenFolder = new URL("../../fixtures/golden/", import.meta.url);
export const fixtureModels = new URL("../../fixtures/models/", import.meta.url);
/** What they show, and what they are drawn with. */
export const fixturePlaces = [
  fixtureModels.pathname,
  new URL("../automata/flower.safetensors", fixtureModels).pathname,
  new URL("../captures", fixtureModels).pathname,
  new URL("../spectra/charts", fixtureModels).pathname,
];
