import { partAt } from "../field/part.ts";
import type { Part } from "../field/part.ts";
import type { TensorInfo } from "../formats/format.ts";
import { BadRequest } from "../errors.ts";
import { capturedOf } from "../model/captured.ts";
import type { Layer } from "../model/model.ts";
import { componentsLegend, drawComponents } from "./components.ts";
import { colourParameters } from "./colour_parameters.ts";
import type { Make, Mode, Options, Parameter } from "./mode.ts";
import { normalizationParameters } from "./normalize.ts";
import { legendOf, weights } from "./weights.ts";

/** Powers that a tile may be of: 2^k. */
const POWERS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/** What is usual here, where shares are shown rather than weights of both signs. */
const usual: Readonly<Record<string, Parameter["default"]>> = { normalize: "minmax", clip: 0.005 };

/** Which position looks at which: a row is the one that looks. */
export const attention: Mode = {
  ...weights,
  name: "attention",
  title: "Attention",
  about: "Each row's shares of attention; its powers tell what is reached in several steps.",
  parameters: [
    {
      name: "head",
      title: "Head",
      about: "One of the heads, counted from 0; their mean unless given.",
      type: "integer",
      default: null,
      minimum: 0,
    },
    {
      name: "power",
      title: "Power",
      about:
        "A to this power, rows made to sum to 1 at every squaring; zoom: the further out, the " +
        "higher, so that far views show long ranges.",
      type: "choice",
      default: "1",
      choices: [...POWERS.map(String), "zoom"],
    },
    {
      name: "order",
      title: "Order",
      about:
        "fiedler: what attends to each other lies together, by the second eigenvector of the " +
        "Laplacian D − (A + Aᵀ) / 2.",
      type: "choice",
      default: "position",
      choices: ["position", "fiedler"],
    },
    {
      name: "laplacian",
      title: "Clusters",
      about:
        "That Laplacian's eigenvectors 2 to 4 as red, green and blue: above by position, below " +
        "in the order of the second.",
      type: "boolean",
      default: false,
    },
    {
      name: "symmetric",
      title: "Symmetric",
      about: "(A + Aᵀ) / 2 instead of A.",
      type: "boolean",
      default: false,
    },
    ...colourParameters("inferno"),
    ...normalizationParameters.map((parameter) => {
      const own = usual[parameter.name];
      return own === undefined ? parameter : { ...parameter, default: own };
    }),
    ...weights.parameters.filter(({ name }) => name === "microcell"),
  ],

  missing(layer) {
    const found = attentionOf(layer);
    if (!found) return `captured attention: "attn/${layer.name}" of a capture`;
    const { name, shape } = found;
    if (shape.length < 2 || shape.length > 3 || shape.at(-1) !== shape.at(-2)) {
      return `attention of [heads, N, N] or [N, N]: "${name}" is [${shape}]`;
    }
    return shape.includes(0) ? "elements: this tensor has none" : null;
  },
  subject: attentionOf,
  part: partOf,
  zoomed(options, z, nativeZoom) {
    if (options.power !== "zoom") return undefined;
    const power = 2 ** Math.min(POWERS.length - 1, Math.max(0, nativeZoom - z));
    return { ...options, power: String(power) };
  },
  axes: () => undefined,
  needsChannels: () => "none",

  legend(options, facts) {
    if (options.laplacian) {
      const title = `Laplacian of attention, ${calledHead(options)}`;
      return componentsLegend(title, ["eigenvector 2", "eigenvector 3", "eigenvector 4"]);
    }
    const legend = legendOf(undistorted(options), facts, titleOf(options));
    if (options.power !== "zoom") return legend;
    return {
      ...legend,
      normalization: `${legend.normalization}; at native zoom, others by their own`,
    };
  },
  prepare: (options, facts, plane) =>
    options.laplacian ? drawComponents(plane) : weights.prepare(undistorted(options), facts, plane),
};

const undistorted = (options: Options): Options => ({ ...options, scientific: true });

/** The attention of a layer, which may be what was asked for itself. */
function attentionOf(layer: Layer): TensorInfo | undefined {
  const own = layer.captured.find(({ tensor }) => tensor === layer.main);
  return own?.kind === "attention" ? own.tensor : capturedOf(layer, "attention")?.tensor;
}

function partOf(
  { head, power, symmetric, order, laplacian }: Options,
  tensor: TensorInfo,
  make: Make,
): Part {
  const one = headOf(tensor, head === null ? null : Number(head));
  const squarings = power === "zoom" ? 0 : Math.log2(Number(power));
  const reordered = order === "fiedler";
  if (laplacian) {
    const name = `${one ? one.tensor.name : `${tensor.name}, mean of heads`}, Laplacian`;
    return {
      tensor: make(one?.tensor ?? tensor, { kind: "laplacian" }, name),
      index: (own) => own,
    };
  }
  if (one && squarings === 0 && !symmetric && !reordered) return one;
  const from = one?.tensor ?? tensor;
  const called = [
    one ? from.name : `${tensor.name}, mean of heads`,
    ...(symmetric ? ["symmetric"] : []),
    ...(reordered ? ["by the Fiedler vector"] : []),
    ...(squarings > 0 ? [`power ${power}`] : []),
  ].join(", ");
  const recipe = {
    kind: "attention",
    symmetric: symmetric === true,
    squarings,
    reordered,
  } as const;
  return { tensor: make(from, recipe, called), index: (own) => own };
}

/** A head; null for the mean of several. */
function headOf(tensor: TensorInfo, head: number | null): Part | null {
  const { name, shape } = tensor;
  if (shape.length === 3) {
    return head === null && shape[0] !== 1 ? null : partAt(tensor, 0, head ?? 0, "head");
  }
  if (head === null || head === 0) return { tensor, index: (own) => own };
  throw new BadRequest(`head=${head} is not among those of "${name}": it is of one`, {
    ...{ parameter: "head", found: head, minimum: 0, maximum: 0 },
  });
}

const calledHead = ({ head }: Options) => head === null ? "mean of heads" : `head ${head}`;

function titleOf(options: Options): string {
  const { power, symmetric, order } = options;
  const matrix = symmetric ? "(A + Aᵀ) / 2" : "A";
  const exponent = power === "zoom"
    ? "^(2^(native zoom − zoom))"
    : power === "1"
    ? ""
    : `^${power}`;
  const raised = symmetric && exponent ? `(${matrix})${exponent}` : `${matrix}${exponent}`;
  const sorted = order === "fiedler" ? ", by the Fiedler vector" : "";
  return `Attention ${raised}, ${calledHead(options)}${sorted}`;
}
