import { BadRequest } from "../errors.ts";
import { layOut } from "../field/layout.ts";
import type { Model } from "../model/model.ts";
import { type Against, findRival, type Rival } from "./against.ts";
import { Atlas } from "./atlas.ts";

/** A map, and what its planes are compared with. */
export interface Sheet {
  readonly atlas: Atlas;
  /** The partner of each plane, null where it has none; not there where nothing is compared. */
  readonly rivals?: readonly (Rival | null)[];
}

/** Comparisons of one model that are kept: a capture may be compared with each of its steps. */
const COMPARED = 32;

/** The maps of models, each laid out once a version; one more for each comparison. */
export class Atlases {
  readonly #own = new WeakMap<Model, Sheet>();
  readonly #compared = new WeakMap<Model, Map<string, Sheet & { readonly other: Model }>>();

  /** Throws `BadRequest` where no tensor has a partner. */
  of(model: Model, against: Against | null): Sheet {
    return against ? this.#against(model, against) : this.#plain(model);
  }

  #plain(model: Model): Sheet {
    let sheet = this.#own.get(model);
    if (!sheet) this.#own.set(model, sheet = { atlas: new Atlas(layOut(model.layers)) });
    return sheet;
  }

  #against(model: Model, against: Against): Sheet {
    const { model: other, how } = against;
    let sheets = this.#compared.get(model);
    if (!sheets) this.#compared.set(model, sheets = new Map());
    const key = JSON.stringify([other.id, other.step, how]);
    const known = sheets.get(key);
    if (known?.other === other) return known;
    const { layout } = this.#plain(model).atlas;
    const rivals = layout.planes.map(({ plane }) => findRival(model, plane.tensor, against));
    const absent = new Set(rivals.keys().filter((i) => rivals[i] === null));
    if (absent.size === rivals.length) throw strangers(model, other);
    const sheet = { atlas: new Atlas(layout, absent), rivals, other };
    sheets.delete(key);
    for (const oldest of sheets.keys()) {
      if (sheets.size < COMPARED) break;
      sheets.delete(oldest);
    }
    sheets.set(key, sheet);
    return sheet;
  }
}

function strangers({ id, tensors }: Model, other: Model): BadRequest {
  const some = (names: readonly { readonly name: string }[]) =>
    names.slice(0, 3).map(({ name }) => name).join(", ");
  return new BadRequest(
    `no tensor of model "${id}" has a partner of its name and shape in "${other.id}": ` +
      `here are ${some(tensors)}, there ${some(other.tensors)}`,
    { parameter: "against", found: other.id },
  );
}
