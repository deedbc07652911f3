import { assertEquals } from "@std/assert";
import type { Triple } from "../../../src/compute/ray/ops.ts";
import { rayScene } from "../../../src/compute/wasm/raymarch.ts";
import { conformRays } from "./conformance.ts";

conformRays("wasm", rayScene, {
  composite: { steps: 2, value: 0.006, strays: 0 },
  maximum: { steps: 1.1, value: 1e-4, strays: 0 },
  iso: { steps: 1.1, value: 0.05, strays: 0.002 },
  cubes: { steps: 1.1, value: 1e-4, strays: 0.0005 },
  // Opacities are looked up at quarters of a value: of a jump, an eighth may be missed.
}, 0.005);

Deno.test("wasm rays: blocks of slopes have their ends, whatever the side", () => {
  for (let side = 1; side <= 50; side++) {
    for (const axis of [0, 1, 2]) {
      const size = [3, 2, 3].map((other, i) => i === axis ? side : other) as unknown as Triple;
      const pitches = [1, size[0], size[0] * size[1]], length = pitches[2]! * size[2];
      const along = Array.from({ length }, (_, i) => Math.floor(i / pitches[axis]!) % side);
      const first = Array.from({ length: Math.ceil(side / 8) }, (_, block) => 8 * block);
      const last = first.map((i) => Math.min(side - 1, i + 8));
      for (const [from, sign] of [[5, 4], [250, -4]] as const) {
        const value = (i: number) => from + sign * i;
        const ends = [first.map(value), last.map(value)];
        const [min, max] = (sign > 0 ? ends : ends.toReversed()).map((of) => Uint8Array.from(of));
        // Of four channels the last voxel alone has weight.
        const four = along.flatMap((i) => [value(i), 7, 9, i === side - 1 ? 1 : 0]);
        for (const channels of [1, 4] as const) {
          const data = Uint8Array.from(channels === 1 ? along.map(value) : four);
          const scene = rayScene({ size, channels, data, spacing: [1, 1, 1] });
          const blocks = size.map((side) => Math.ceil(side / 8)) as unknown as Triple;
          const present = Uint8Array.from(last, (i) => channels === 1 || i === side - 1 ? 1 : 0);
          assertEquals(scene.occupancy, { blocks, min: min!, max: max!, present });
          scene.free();
        }
      }
    }
  }
});
