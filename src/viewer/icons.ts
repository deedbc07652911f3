import { svg } from "./dom.ts";

/** Strokes on a 16 × 16 grid. */
const paths = {
  chevron: "M6 4l4 4-4 4",
  layers: "M8 2l6 3.2-6 3.2-6-3.2zM2 8.4l6 3.2 6-3.2M2 11.2l6 3.2 6-3.2",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.4 10.4L14 14",
  sliders: "M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6M10 2.8v3.4M6 9.8v3.4",
  info: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8M8 7.2v4M8 4.8v.2",
  share: "M8 9.5V2M5 4.7L8 1.8l3 2.9M3 8.5v5h10v-5",
  sun:
    "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.2v1.4M8 13.4v1.4M1.2 8h1.4M13.4 8h1.4M3.2 3.2l1 1M11.8 11.8l1 1M12.8 3.2l-1 1M4.2 11.8l-1 1",
  help: "M5.6 5.8a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2.9-1.2 1.8M8 12.4v.2",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  close: "M4 4l8 8M12 4l-8 8",
  reset: "M3 8a5 5 0 1 0 1.6-3.7L3 5.8M3 2.6v3.2h3.2",
  map: "M2 4l4-1.8 4 1.8 4-1.8v9.8l-4 1.8-4-1.8-4 1.8zM6 2.2v9.8M10 4v9.8",
  label: "M2.5 8.2V3h5.2l5.8 5.8-5.2 5.2zM5.2 5.6v.2",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3l8 5-8 5z",
  check: "M3 8.5l3.2 3.2L13 4.8",
  curve: "M2.5 2v11.5H14M4.8 4c.6 4.6 3 7 8.2 7.2",
  relief: "M1.5 12.8l4.4-8.3 3 5 1.8-2.6 3.8 5.9zM4.6 7l1.3 1.4L7.2 7",
  reverse: "M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13",
} as const;

export type Icon = keyof typeof paths;

export function icon(name: Icon): SVGElement {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: paths[name] }),
  );
}
