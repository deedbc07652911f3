import { isWhole, type Scene } from "./scene.ts";
import { turnsOf } from "./turning.ts";

/** What the map is and how it is used, for those who do not see it. */
export function describe(scene: Scene): string {
  if (turnsOf(scene.mode)) {
    return "The layer as a body. Arrows turn it, with shift they move the view; r turns it back; " +
      "plus and minus zoom.";
  }
  const what = isWhole(scene) ? "the whole model" : "the layer";
  const enters = isWhole(scene) ? ", and again opens its layer" : "";
  return `Map of ${what}. Arrows move, plus and minus zoom, Enter reads the cell in the middle${enters}.`;
}
