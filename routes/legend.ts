import { Hono } from "hono";
import { BadRequest } from "../src/errors.ts";
import { legendJson, legendPng, legendSvg, type Theme } from "../src/tile/legend.ts";
import { cacheControl, json, PRELIMINARY, type Service, split, tagged } from "./answer.ts";

/** `/{model}/{layer}/{mode}.{json,svg,png}`: which colour means which value. */
export function legendRoutes({ engine }: Service): Hono {
  return new Hono().get("/:model/:layer/:file", async (c) => {
    const { model, layer, file } = c.req.param();
    const request = c.req.raw;
    const query = new URL(request.url).searchParams;
    const [mode, format] = split(file, ["json", "svg", "png"]);
    const theme = takeTheme(query);
    const view = engine.view(model, layer, mode, query);
    const legend = await engine.legend(view, request.signal);
    const caching = legend.refinement === undefined ? cacheControl(query, view) : PRELIMINARY;
    switch (format) {
      case "json":
        return json(request, legendJson(legend), caching);
      case "svg":
        return tagged(request, legendSvg(legend, theme), "image/svg+xml", caching);
      case "png":
        return tagged(request, await legendPng(legend, theme), "image/png", caching);
    }
  });
}

/** Letters are light on "dark" and dark on "light"; not the mode's business, so taken out. */
function takeTheme(query: URLSearchParams): Theme {
  const allowed: readonly Theme[] = ["dark", "light"];
  const found = query.get("theme") ?? "dark";
  query.delete("theme");
  const theme = allowed.find((name) => name === found);
  if (theme) return theme;
  const message = `theme=${found} is not one of ${allowed.join(", ")}`;
  throw new BadRequest(message, { parameter: "theme", found, allowed });
}
