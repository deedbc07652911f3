import type { Facts, Legend, Mode, Options, Picture } from "./mode.ts";
import { short, special } from "./normalize.ts";
import { parseAxes } from "./options.ts";

/** Packed statistics: mean, variance, gradient magnitude and sign entropy in one RGBA pixel. */
export const stats: Mode = {
  name: "stats",
  title: "Statistics",
  about: "Mean, variance, gradient magnitude and sign entropy of each block, packed into RGBA.",
  overzoom: 0,
  gradient: "spatial",
  parameters: [
    {
      name: "alpha",
      title: "Contrast",
      about: "α of tanh(α·x/s), s being the layer's robust scale.",
      type: "number",
      default: 1,
      minimum: 0.01,
      maximum: 100,
    },
    {
      name: "gain",
      title: "Gradient gain",
      about: "Factor of |∇| besides α: captured gradients are often a hundredth of the weights.",
      type: "number",
      default: 1,
      minimum: 0.01,
      maximum: 10_000,
    },
    {
      name: "opaque",
      title: "Opaque",
      about: "Shows red, green and blue alone; off, sign entropy is the alpha channel.",
      type: "boolean",
      default: false,
    },
    {
      name: "axes",
      title: "Axes",
      about: "Tensor axes down and across, outermost first, such as 0,2|1,3.",
      type: "axes",
      default: null,
    },
  ],

  missing: ({ main }) => main.shape.includes(0) ? "elements: this tensor has none" : null,
  axes: (options) => parseAxes(options.axes),
  needsFigures: () => true,
  needsChannels: () => "none",
  transparent: ({ opaque }) => !opaque,

  legend(options, { scale }, slopes = "spatial"): Legend {
    const factor = Number(options.alpha) / robust({ scale });
    const s = short(factor), steep = short(factor * Number(options.gain));
    const what = slopes === "captured" ? "the captured dL/dW" : "the spatial central difference";
    return {
      title: "Packed statistics",
      style: "scientific",
      normalization: `tanh(${s}·x); ∇ is ${what}; blocks without a finite value are empty`,
      channels: [
        { name: "mean", channel: "R", about: `127.5·(1 + tanh(${s}·mean))` },
        { name: "variance", channel: "G", about: `255·tanh(${s}·√variance)` },
        { name: "gradient", channel: "B", about: `255·tanh(${steep}·|∇|), ${slopes}` },
        options.opaque
          ? { name: "opaque", channel: "A", about: "255" }
          : { name: "sign entropy", channel: "A", about: "255·H(share of positives)" },
      ],
      special: special(scale).map((entry) => ({ ...entry, color: "transparent" })),
    };
  },

  prepare(options: Options, facts: Facts) {
    const alpha = Number(options.alpha), opaque = options.opaque === true, s = robust(facts);
    const gain = Number(options.gain);
    return (canvas): Picture => {
      const { ops, width, height, columns, rows, pixelsPerCell } = canvas;
      const blocks = canvas.stats();
      // Of the canvas alone: levels are copied.
      if (gain !== 1) {
        for (let i = 0; i < blocks.gradient.length; i++) {
          blocks.gradient[i]! *= gain;
        }
      }
      const { buffer, byteOffset } = ops.pack(blocks, alpha, s);
      const packed = new Uint32Array(buffer, byteOffset, blocks.count.length);
      if (opaque) { for (let i = 0; i < packed.length; i++) packed[i]! |= 0xff000000; }
      const values = canvas.blank();
      const pixels = ops.scratch(columns * rows * 4).fill(0);
      const words = new Uint32Array(pixels.buffer, pixels.byteOffset, columns * rows);
      for (let y = 0; y < height; y++) {
        const row = Math.floor(y / pixelsPerCell) * blocks.width;
        for (let x = 0; x < width; x++) {
          const block = row + Math.floor(x / pixelsPerCell);
          words[y * columns + x] = packed[block]!;
          values[y * columns + x] = blocks.mean[block]!;
        }
      }
      return { kind: "rgba", pixels, values };
    };
  },
};

const robust = ({ scale }: Pick<Facts, "scale">) => scale.robust > 0 ? scale.robust : 1;
