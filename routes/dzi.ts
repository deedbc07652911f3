import { Hono } from "hono";
import { parseDeepZoom } from "../src/tile/address.ts";
import type { View } from "../src/tile/tile.ts";
import { cacheControl, type Service, split, tagged } from "./answer.ts";
import type { HotPath } from "./hot.ts";
import { answerTile } from "./tiles.ts";

const FOLDER = "_files";

/**
 * Deep Zoom: `/{model}/{layer}/{mode}.dzi` and `…_files/{level}/{x}_{y}.{format}`. Viewers copy the
 * descriptor's query to its tiles.
 */
export function dziRoutes({ engine }: Service, hot: HotPath): Hono {
  return new Hono()
    .get("/:model/:layer/:file", (c) => {
      const { model, layer, file } = c.req.param();
      const [mode] = split(file, ["dzi"]);
      const query = new URL(c.req.url).searchParams;
      const view = engine.view(model, layer, mode, query);
      return tagged(c.req.raw, descriptor(view), "application/xml", cacheControl(query, view));
    })
    .get(`/:model/:layer/:folder{.+${FOLDER}}/:level/:file`, (c) => {
      const { model, layer, folder, level, file } = c.req.param();
      const mode = folder.slice(0, -FOLDER.length);
      const query = new URL(c.req.url).searchParams;
      const { plane } = engine.view(model, layer, mode, query);
      const address = parseDeepZoom({ model, layer, mode, query }, plane, level, file);
      return answerTile(c.req.raw, address, engine, hot);
    });
}

const descriptor = ({ plane: { width, height, tileSize } }: View) =>
  `<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="png" Overlap="0" TileSize="${tileSize}">
  <Size Width="${width}" Height="${height}"/>
</Image>
`;
