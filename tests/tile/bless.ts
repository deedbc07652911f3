// Writes the golden tiles as they are drawn now. Look at every picture that changed before committing.
import { createEngine } from "../../src/tile/engine.ts";
import { draw, fixturePlaces, goldenFolder, goldenTiles } from "./golden.ts";

const engine = await createEngine(fixturePlaces, { workers: 1 });
await Deno.mkdir(goldenFolder, { recursive: true });
for (const golden of goldenTiles) {
  await Deno.writeFile(new URL(`${golden[0]}.png`, goldenFolder), await draw(engine, golden));
}
await engine.close();
console.log(`${goldenTiles.length} tiles in ${goldenFolder.pathname}`);
