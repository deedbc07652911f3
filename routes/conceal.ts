import { dirname, resolve } from "node:path";
import type { Engine } from "../src/tile/tile.ts";
import type { Uploads } from "../src/model/uploads.ts";

/**
 * Takes the places of models on this machine out of a text for clients: messages name files by
 * their paths, of which only the last parts are a client's business.
 */
export function concealer(engine: Engine, uploads?: Uploads): (text: string) => string {
  return (text) => {
    const homes = new Set(uploads ? [uploads.folder] : []);
    for (const place of engine.places()) {
      if (place.includes("://")) continue;
      homes.add(dirname(place));
      homes.add(dirname(resolve(place)));
    }
    for (const home of [...homes].sort((a, b) => b.length - a.length)) {
      if (home !== "." && home !== "/") text = text.replaceAll(`${home}/`, "");
    }
    return text;
  };
}
