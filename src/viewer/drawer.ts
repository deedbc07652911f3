import OpenSeadragon from "openseadragon";
import { betterPicture } from "./estimates.ts";

const SIDE = 256;

/**
 * Draws tiles edge to edge on whole device pixels, so that no seam shows and a tile at its own size
 * is drawn byte for byte. Cells stay crisp squares however far they are magnified; only pictures
 * that are reduced, and blocks coarser than a cell, are smoothed.
 */
export class PixelDrawer extends OpenSeadragon.DrawerBase {
  /** The zoom from which a pixel of a tile is no more than one cell. */
  static nativeZoom = 0;

  static override isSupported(): boolean {
    return true;
  }

  override getType(): string {
    return "pixel";
  }

  override getSupportedDataFormats(): string[] {
    return ["imageBitmap"];
  }

  override canRotate(): boolean {
    return false;
  }

  override setImageSmoothingEnabled(): void {}

  override destroy(): void {
    super.destroy();
    this.canvas.remove();
  }

  _createDrawingElement(): HTMLCanvasElement {
    return document.createElement("canvas");
  }

  draw(images: readonly OpenSeadragon.TiledImage[]): void {
    const { canvas, viewport } = this;
    const size = viewport.getContainerSize();
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(size.x * ratio), Math.round(size.y * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext("2d")!;
    context.clearRect(0, 0, width, height);
    for (const image of images) {
      for (const { tile } of image.getTilesToDraw()) this.#drawTile(context, tile, ratio);
    }
  }

  #drawTile(context: CanvasRenderingContext2D, tile: OpenSeadragon.Tile, ratio: number): void {
    const picture: ImageBitmap | undefined = betterPicture(tile) ??
      this.getDataToDraw(tile);
    if (!picture || !tile.loaded || !tile.position || !tile.size) return;
    const left = Math.round(tile.position.x * ratio), top = Math.round(tile.position.y * ratio);
    const width = Math.round((tile.position.x + tile.size.x) * ratio) - left;
    const height = Math.round((tile.position.y + tile.size.y) * ratio) - top;
    if (width <= 0 || height <= 0) return;
    // Tiles at the plane's edges are padded to their full size: only the plane's part is taken.
    const density = picture.width / SIDE;
    const across = tile.sourceBounds.width * density, down = tile.sourceBounds.height * density;
    context.imageSmoothingEnabled = width < across || tile.level < PixelDrawer.nativeZoom;
    context.clearRect(left, top, width, height);
    context.drawImage(picture, 0, 0, across, down, left, top, width, height);
  }
}
