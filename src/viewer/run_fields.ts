import type { RunInput } from "./api.ts";
import { fill, h, set } from "./dom.ts";

const KINDS = ".npy,.json,image/*";

/** Whether a file can be what is put into a network. */
export const isInput = ({ name, type }: File): boolean =>
  type.startsWith("image/") || /\.(npy|json)$/i.test(name);

export const isPicture = ({ type }: File): boolean => type.startsWith("image/");

/** The field for one input of a network: what it has to be, and the file that was chosen for it. */
export class RunField {
  readonly element: HTMLElement;
  readonly #files: HTMLInputElement;
  readonly #said = h("p", { class: "failure" });

  constructor(readonly input: RunInput, number: number, private readonly changed: () => void) {
    const id = `run-input-${number}`;
    this.#files = h("input", {
      ...{ id, type: "file", accept: KINDS, required: true },
      autofocus: number === 0,
      "aria-describedby": `${id}-what`,
      onchange: () => this.#look(),
    });
    this.element = h(
      "div",
      { class: "run-input" },
      h(
        "label",
        { for: id },
        h("b", {}, input.name),
        " ",
        h("span", { class: "note" }, wordsOf(input)),
      ),
      this.#files,
      h("p", { id: `${id}-what`, class: "note" }, hint(input)),
      this.#said,
    );
    const { element } = this;
    element.addEventListener("dragover", () => set(element, "data-over", true));
    for (const end of ["dragleave", "drop"]) {
      element.addEventListener(end, () => set(element, "data-over", null));
    }
  }

  get file(): File | null {
    return this.#files.files?.[0] ?? null;
  }

  put(file: File): void {
    const carrier = new DataTransfer();
    carrier.items.add(file);
    this.#files.files = carrier.files;
    this.#look();
  }

  #look(): void {
    const { file } = this;
    const wrong = file !== null && !isInput(file);
    const sentence = wrong ? `${file.name} is no picture, .npy or .json.` : "";
    this.#files.setCustomValidity(sentence);
    fill(this.#said, sentence);
    this.changed();
  }
}

/** "F32, batch × 3 × 32 × 32". */
const wordsOf = ({ dtype, type, shape }: RunInput): string => {
  const sides = shape?.map((side) => side === "?" ? "any" : side).join(" × ");
  const form = shape === null ? "of any shape" : sides === "" ? "scalar" : sides;
  return `${dtype ?? type ?? "no tensor"}, ${form}`;
};

function hint({ shape }: RunInput): string {
  const [, channels, height, width] = shape ?? [];
  const takesPicture = shape?.length === 4 && (channels === 1 || channels === 3) &&
    typeof height === "number" && typeof width === "number";
  return takesPicture
    ? `A picture, resized to ${width} × ${height}, .npy or .json`
    : ".npy, or .json: nested lists, or {shape, values}";
}
