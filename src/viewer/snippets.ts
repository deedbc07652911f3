import type { PlaneInfo, Subject } from "./api.ts";
import { path, query } from "./api.ts";

/** HTML that shows a plane in OpenSeadragon on anyone's page; `origin` ends with a slash. */
export function openSeadragon(subject: Subject, origin: string): string {
  const url = `${origin}dzi/${path(subject)}.dzi${query(subject)}`;
  return `<div id="synaptile" style="height: 480px"></div>
<script src="openseadragon.min.js"></script>
<script>
  OpenSeadragon({
    id: "synaptile",
    tileSources: ${JSON.stringify(url)},
    imageSmoothingEnabled: false,
    showNavigationControl: false,
  });
</script>
`;
}

/** HTML that shows a plane in Leaflet: one unit is a pixel of zoom 0. */
export function leaflet(subject: Subject, plane: PlaneInfo, origin: string): string {
  const url = `${origin}tiles/${path(subject)}/{z}/{x}/{y}{r}.png${query(subject, true)}`;
  const unit = 2 ** plane.nativeZoom;
  return `<div id="synaptile" style="height: 480px"></div>
<link rel="stylesheet" href="leaflet.css">
<script src="leaflet.js"></script>
<script>
  const bounds = [[0, 0], [${-plane.height / unit}, ${plane.width / unit}]];
  const map = L.map("synaptile", { crs: L.CRS.Simple, minZoom: 0, maxZoom: ${plane.maxZoom} });
  L.tileLayer(${
    JSON.stringify(url)
  }, { bounds, noWrap: true, maxZoom: ${plane.maxZoom} }).addTo(map);
  map.fitBounds(bounds);
</script>
`;
}

/** HTML that shows this page itself, with nothing but the map. */
export function frame(address: string): string {
  const url = new URL(address);
  url.searchParams.set("bare", "1");
  const source = url.href.replaceAll("&", "&amp;");
  return `<iframe src="${source}" width="720" height="480" style="border: 0"></iframe>\n`;
}
