import { CorruptChunk } from "../errors.ts";

/** More was found out since a picture was planned: it has to be planned anew. */
export class Outdated extends Error {
  override readonly name = "Outdated";
}

/** Runs again what fails since it has to be planned anew, `mend` having done what there is to do. */
export async function persistently<Value>(
  work: (isFirst: boolean) => Promise<Value>,
  mend: (error: CorruptChunk) => boolean,
): Promise<Value> {
  for (let attempt = 0;; attempt++) {
    try {
      return await work(attempt === 0);
    } catch (error) {
      const isMended = error instanceof Outdated || (error instanceof CorruptChunk && mend(error));
      if (!isMended || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Each finds one more layer damaged; no tile shows more. */
const ATTEMPTS = 256;
