import { loadTile } from "./tiles.ts";

/** Small previews, loaded one or two at a time and only when seen, so that the map comes first. */

const AT_ONCE = 2;
const waiting: Job[] = [];
let running = 0;

interface Job {
  canvas: HTMLCanvasElement;
  url: string;
  /** Whether the tile is a plane's, in its top left corner, rather than a picture of all there is. */
  isPlane: boolean;
}

const jobs = new WeakMap<Element, Job>();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    const job = jobs.get(target);
    if (job) waiting.push(job);
  }
  next();
}, { rootMargin: "120px" });

/** A canvas of `side` CSS pixels that shows the middle of the plane on a tile of zoom 0. */
export function thumbnail(url: string, side: number, isPlane = true): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = "thumb";
  canvas.width = canvas.height = Math.round(side * Math.min(2, devicePixelRatio));
  canvas.style.width = canvas.style.height = `${side}px`;
  canvas.setAttribute("aria-hidden", "true");
  jobs.set(canvas, { canvas, url, isPlane });
  seen.observe(canvas);
  return canvas;
}

function next(): void {
  while (running < AT_ONCE) {
    const job = waiting.pop();
    if (!job) return;
    if (!job.canvas.isConnected) {
      seen.observe(job.canvas); // it may be put back
      continue;
    }
    running++;
    // A preview that cannot be drawn leaves its place empty: the map itself says what is wrong.
    load(job).catch(() => job.canvas.classList.add("failed")).finally(() => {
      running--;
      next();
    });
  }
}

async function load({ canvas, url, isPlane }: Job): Promise<void> {
  let { picture: tile } = await loadTile(url, { priority: "low" });
  let { width, height } = isPlane ? extent(tile) : tile;
  if (width === 1 && height === 1) {
    // Nothing opaque: packed values may still be there under an alpha of 0.
    tile.close();
    ({ picture: tile } = await loadTile(`${url.replace(".png", ".bin")}#RGB`, { priority: "low" }));
    ({ width, height } = extent(tile));
  }
  const context = canvas.getContext("2d")!;
  // A square from the middle; long planes are squeezed at most twofold, so that they keep a texture.
  const side = Math.min(width, height) *
    Math.min(2, Math.max(width, height) / Math.min(width, height));
  const [w, h] = [Math.min(side, width), Math.min(side, height)];
  context.imageSmoothingEnabled = w > canvas.width;
  context.drawImage(
    tile,
    (width - w) / 2,
    (height - h) / 2,
    w,
    h,
    0,
    0,
    canvas.width,
    canvas.height,
  );
  canvas.classList.add("ready");
  tile.close();
}

/** The part of a tile that the plane covers: its opaque run from the top left corner. */
function extent(tile: ImageBitmap): { width: number; height: number } {
  const canvas = new OffscreenCanvas(tile.width, tile.height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(tile, 0, 0);
  const run = (pixels: Uint8ClampedArray) => {
    let n = 0;
    while (n * 4 < pixels.length && pixels[n * 4 + 3]! > 0) n++;
    return Math.max(1, n);
  };
  return {
    width: run(context.getImageData(0, 0, tile.width, 1).data),
    height: run(context.getImageData(0, 0, 1, tile.height).data),
  };
}
