import { type BackendChoice, backendChoices } from "../tile/backends.ts";
import type { EngineOptions } from "../tile/engine.ts";
import type { Engine, View } from "../tile/tile.ts";
import type { OpenView } from "../tile/view.ts";
import { isVolume } from "../tile/volumes.ts";
import { type Flag, type Given, UsageError } from "./verb.ts";

/** What verbs that draw know of what volumes are drawn with, and large matrices multiplied. */
export const backendFlags = {
  backend: {
    type: "string",
    value: backendChoices.join("|"),
    about: "what volumes are drawn with and large matrices multiplied; auto, a GPU if there is a " +
      "real one, unless given",
  },
} as const satisfies Record<string, Flag>;

/** What volumes are drawn with. Throws `UsageError` naming what there is. */
export function backendOf(given: Given): Pick<EngineOptions, "backend" | "tell"> {
  const name = given.text("backend") ?? "auto";
  const backend = backendChoices.find((choice): choice is BackendChoice => choice === name);
  if (backend) return { backend, tell: (message) => console.error(`synaptile: ${message}`) };
  throw new UsageError(`--backend ${name} is not one of ${backendChoices.join(", ")}`);
}

/** Waits until is known what a view will be drawn with, so that its tiles are all of one kind. */
export async function settleBackend(engine: Engine, view: View): Promise<void> {
  const isMade = "entry" in view && (view as OpenView).entry.derived !== undefined;
  if (isMade || (isVolume(view) && view.mode.solid === "voxels")) await engine.backend();
}
