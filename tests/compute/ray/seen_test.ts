import { assertEquals } from "@std/assert";
import { rayAt, raysOf } from "../../../src/compute/ray/camera.ts";
import { seenFrom } from "../../../src/compute/ray/seen.ts";
import { viewOf } from "./samples.ts";

Deno.test("a rectangle sees what lies on its rays, and not what lies on others", () => {
  const volume = { size: [50, 34, 41], spacing: [1, 1.5, 0.8] } as const;
  const viewport = { size: 64, x: 20, y: 33, width: 9, height: 5 };
  for (const fov of [0, 40, 100]) {
    for (const yaw of [0, 35, 170, 260]) {
      const view = viewOf({ camera: { yaw, pitch: 25, fov } });
      const rays = raysOf(volume, view), seen = seenFrom(rays, viewport);
      for (let i = 0; i < 64 * 64; i += 3) {
        const x = i % 64, y = Math.floor(i / 64);
        const { origin, step, enter, leave } = rayAt(rays, 64, x, y);
        const isOwn = x >= 20 && x < 29 && y >= 33 && y < 38;
        for (const share of [0.01, 0.5, 0.99]) {
          if (leave <= enter) continue;
          const t = enter + (leave - enter) * share;
          const [a, b, c] = origin.map((o, i) => o + t * step[i]!) as [number, number, number];
          const [from, to] = seen(b, c, 1e-6);
          assertEquals(from <= a && a <= to, isOwn, `${fov}° ${yaw}°: pixel ${x}, ${y} at ${t}`);
        }
      }
    }
  }
});

Deno.test("a point that a ray passes by is seen within its distance", () => {
  const volume = { size: [32, 32, 32], spacing: [1, 1, 2] } as const;
  const viewport = { size: 64, x: 32, y: 32, width: 1, height: 1 };
  // Along +z: half a pixel right of the centre is 1/64 of 32 √6 / 2 to the right of it.
  const rays = raysOf(volume, viewOf({ camera: { yaw: 0, pitch: 0, fov: 0 } }));
  const seen = seenFrom(rays, viewport), x = 16 + Math.sqrt(6) / 4;
  for (const distance of [-3, -0.5, 0.5, 3]) {
    for (const more of [1e-6, -1e-6]) {
      const [from, to] = seen(x, 9, Math.abs(distance) + more);
      assertEquals(from <= x + distance && x + distance <= to, more > 0);
    }
  }
});
