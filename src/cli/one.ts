import { findModels } from "../model/find.ts";
import { UsageError } from "./verb.ts";

/** Paths named where there is a choice. */
const NAMED = 12;

/**
 * The path of the one model at `path`, file or folder. Throws `UsageError` naming those that are
 * there where it holds several, what `findModels` throws where it holds none.
 */
export function oneModel(path: string): string {
  const [model, ...others] = findModels(path);
  if (model !== undefined && others.length === 0) return model;
  const found = [model, ...others];
  const rest = found.length > NAMED ? `\n  and ${found.length - NAMED} more` : "";
  throw new UsageError(
    `${path} holds ${found.length} models, ask for one of them:\n  ${
      found.slice(0, NAMED).join("\n  ")
    }${rest}`,
  );
}
