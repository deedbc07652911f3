import { assert, assertEquals, assertRejects } from "@std/assert";
import type {
  Occupancy,
  RayImage,
  RayMode,
  RayView,
  RayVolume,
  Triple,
} from "../../../src/compute/ray/ops.ts";
import { OPAQUE, rayModes } from "../../../src/compute/ray/ops.ts";
import { rayScene as reference } from "../../../src/compute/reference/raymarch.ts";
import { assertNear, type Tolerance } from "./compare.ts";
import { even, noise, tableOf, viewOf, waves } from "./samples.ts";

/** A scene of whichever kind. */
export interface AnyScene {
  readonly occupancy: Occupancy;
  render(view: RayView): RayImage | Promise<RayImage>;
  free(): void;
}
export type MakeScene = (volume: RayVolume) => AnyScene | Promise<AnyScene>;

/** By mode: how far from the reference whoever conforms may be. */
export type Tolerances = Readonly<Record<RayMode, Tolerance>>;

/**
 * Registers every case against the scenes that `make` makes. `jumpStrays` is the share of pixels that
 * may be further off where the transfer function jumps from one value to the next.
 */
export function conformRays(
  name: string,
  make: MakeScene,
  tolerances: Tolerances,
  jumpStrays: number,
): void {
  const check = async (title: string, volume: RayVolume, ...views: Partial<RayView>[]) => {
    const scene = await make(volume);
    const plain = reference(volume);
    assertEquals(scene.occupancy, plain.occupancy);
    try {
      for (const mode of rayModes) {
        for (const part of views) {
          const view = viewOf({ mode, ...part });
          const got = await scene.render(view), want = plain.render(view);
          assertNear(got, want, tolerances[mode], `${title}, ${mode}`);
        }
      }
    } finally {
      scene.free();
    }
  };
  const test = (title: string, work: () => Promise<void>) =>
    Deno.test(`${name} rays: ${title}`, work);
  const camera = { yaw: 35, pitch: 25, fov: 40 };

  for (const channels of [1, 4] as const) {
    test(`${channels} channels, every mode, from all sides`, async () => {
      for (const [i, size] of ([[24, 20, 28], [9, 17, 8]] as const).entries()) {
        await check(
          `${size}`,
          waves(size, channels, i + 1),
          { camera, level: 0.7 },
          { camera: { yaw: -100, pitch: -50, fov: 70 }, level: 0.3, shading: true },
          { camera: { yaw: 190, pitch: 89, fov: 0 }, transfer: tableOf("fire"), step: 0.5 },
        );
      }
    });
  }

  test("along the axes, without perspective and with it", async () => {
    // Of odd sizes together with even ones, no ray runs along an edge between voxels.
    const volume = waves([12, 9, 14]);
    for (const yaw of [0, 90, 180, 270]) {
      for (const pitch of [0, 90, -90]) {
        await check(`${yaw}°, ${pitch}°`, volume, { camera: { yaw, pitch, fov: 0 }, level: 0.7 });
      }
      await check(`${yaw}°`, volume, { camera: { yaw, pitch: 0, fov: 60 }, level: 0.6, step: 2 });
    }
  });

  test("noise, and voxels that are not cubes", async () => {
    const volume: RayVolume = { ...noise([11, 13, 19]), spacing: [1, 2.5, 0.7] };
    const transfer = tableOf("bone");
    await check("noise", volume, { camera, transfer, level: 0.8 }, {
      camera,
      step: 0.3,
      level: 0.2,
    });
  });

  test("volumes of one voxel a side, of all sides", async () => {
    for (const size of [[1, 1, 1], [1, 1, 40], [40, 1, 1], [1, 40, 1], [33, 1, 9]] as const) {
      await check(`${size}`, waves(size), { camera, level: 0.6 }, {
        camera: { ...camera, fov: 0 },
      });
    }
  });

  test("volumes of one value", async () => {
    for (const value of [0, 1, 127, 254, 255]) {
      await check(`${value}`, even([10, 9, 17], value), { camera }, { camera, shading: true });
      await check(`${value}`, even([8, 8, 8], value), { camera, level: value / 255, step: 0.4 });
    }
  });

  test("lit: blocks of one value beside others, up to the last half voxel", async () => {
    const volume = even([24, 16, 17], 90);
    // Walls that begin, or end, where blocks do: only differences reach across.
    volume.data.forEach((_, i) => {
      const [x, y, z] = [i % 24, Math.floor(i / 24) % 16, Math.floor(i / 384)];
      if (x < 8 || y === 15 || z > 15) volume.data[i] = 150 + 20 * (x & 1);
    });
    const transfer = tableOf("fire");
    const lit = { transfer, shading: true, level: 0.62 };
    for (const yaw of [0, 30, 140, 250]) {
      await check(`${yaw}°`, volume, { camera: { ...camera, yaw }, ...lit });
    }
    const uneven: RayVolume = { ...waves([19, 10, 13]), spacing: [2, 1, 0.6] };
    for (const axis of [0, 1, 2] as const) {
      for (const yaw of [10, 190]) {
        // What is cut off leaves a thin slice at either end.
        const slice = { axis, position: yaw > 90 ? 0.07 : 0.93 };
        const view = { ...lit, camera: { ...camera, yaw, fov: 0 }, slice, step: 0.25 };
        await check(`slices, ${axis}`, uneven, view);
      }
    }
    await check("inside", uneven, { ...lit, camera: { ...camera, fov: 90, distance: 0.2 } });
    await check("noise", noise([9, 18, 16]), { ...lit, camera, transfer: tableOf("bone") });
  });

  test("lit: single slices beside blocks of one value", async () => {
    const transfer = tableOf("fire").map((x, i) => i % 4 === 3 ? 0.1 : x);
    for (const axis of [0, 1, 2] as const) {
      const size = [9, 9, 9].map((side, i) => i === axis ? 24 : side) as unknown as Triple;
      const pitch = axis === 0 ? 1 : axis === 1 ? size[0] : size[0] * size[1];
      const camera = { yaw: axis === 2 ? 85 : 5, pitch: 4, fov: 0 };
      const view = viewOf({ transfer, camera, shading: true });
      // The first and the last that differences reach from the block beside.
      for (const [place, value] of [7, 9, 15, 17].flatMap((at) => [[at, 10], [at, 250]] as const)) {
        const volume = even(size, 90);
        volume.data.forEach((_, i) => {
          if (Math.floor(i / pitch) % 24 === place) volume.data[i] = value;
        });
        const scene = await make(volume);
        const got = await scene.render(view), want = reference(volume).render(view);
        assertNear(got, want, tolerances.composite, `${value} at ${place} of axis ${axis}`);
        scene.free();
      }
    }
  });

  test("four channels, lit: noise, and blocks of one value", async () => {
    const lit = { camera, transfer: tableOf("fire"), shading: true };
    for (const size of [[11, 13, 19], [8, 9, 17], [1, 1, 20]] as const) {
      const volume: RayVolume = { ...noise(size, 4), spacing: [1, 2.5, 0.7] };
      await check(`${size}`, volume, lit, { ...lit, step: 0.3, camera: { ...camera, yaw: 215 } });
    }
    // Of one value, but of every hue and weight; beside them a block that weighs nothing.
    const even = noise([24, 16, 9], 4);
    even.data.forEach((_, i) => {
      if (i % 4 === 0) even.data[i] = 180;
      if (i % 4 === 3 && (i >> 2) % 24 < 8) even.data[i] = 0;
    });
    await check("one value", even, lit, { ...lit, shading: false });
  });

  test("weights that are hardly there add up", async () => {
    const volume = waves([40, 30, 30], 4, 2);
    const transfer = tableOf("fire").map((x, i) => i % 4 === 3 && x > 0 ? 1 : x);
    const viewport = { size: 32, x: 0, y: 0, width: 32, height: 32 };
    for (const [weight, presence] of [[1, 255], [3, 40], [5, 2], [1, 1]] as const) {
      volume.data.forEach((_, i) => {
        if (i % 4 > 1) volume.data[i] = i % 4 === 2 ? weight : presence;
      });
      const scene = await make(volume);
      const part = { camera, transfer, viewport, shading: true, step: 0.25 };
      for (const view of [viewOf(part), viewOf({ ...part, mode: "cubes" })]) {
        const got = await scene.render(view), want = reference(volume).render(view);
        const title = `${weight} · ${presence}`;
        if (view.mode === "composite") assertNear(got, want, tolerances.composite, title);
        else assertEquals([...got.values].map(Number.isNaN), [...want.values].map(Number.isNaN));
      }
      scene.free();
    }
  });

  test("rays that end opaque", async () => {
    const transfer = tableOf("density").map((x, i) => i % 4 === 3 && x > 0 ? 0.6 : x);
    const volume = waves([30, 30, 30]);
    await check("opaque", volume, { camera, transfer }, { camera, transfer, step: 2 });
    const scene = await make(volume);
    const { values } = await scene.render(viewOf({ camera, transfer }));
    assertEquals(values.filter((opacity) => opacity > OPAQUE && opacity < 1).length, 0);
    assert(values.some((opacity) => opacity === 1));
    scene.free();
  });

  test("a transfer function that jumps", async () => {
    const transfer = Float32Array.from({ length: 1024 }, (_, i) => {
      return i >> 2 < 200 ? i % 4 === 3 ? 0 : 0.2 : i % 4 === 1 ? 0.1 : 0.9;
    });
    const volume = waves([24, 20, 28]);
    const view = viewOf({ camera, transfer });
    const scene = await make(volume);
    const bounds = { ...tolerances.composite, strays: jumpStrays };
    assertNear(await scene.render(view), reference(volume).render(view), bounds);
    scene.free();
  });

  test("a camera inside, and at the centre", async () => {
    const volume = waves([40, 40, 40]);
    for (const distance of [0, 0.2, 0.7, 1.3]) {
      await check(`${distance} radii`, volume, { camera: { ...camera, fov: 90, distance } });
    }
  });

  test("slices across each axis, from either side", async () => {
    const volume = waves([24, 20, 28], 1, 3);
    for (const axis of [0, 1, 2] as const) {
      for (const yaw of [35, 215]) {
        for (const position of [0, 0.37, 0.5, 1]) {
          const view = { camera: { ...camera, yaw }, slice: { axis, position } };
          await check(`axis ${axis} at ${position}`, volume, view);
        }
      }
    }
    await check("without perspective", volume, {
      camera: { yaw: 20, pitch: -30, fov: 0 },
      slice: { axis: 2, position: 0.3 },
    });
  });

  test("tiles are the whole image's, to the bit", async () => {
    for (const [mode, channels] of rayModes.flatMap((mode) => [[mode, 1], [mode, 4]] as const)) {
      const scene = await make(waves([24, 20, 28], channels));
      for (const fov of [0, 50]) {
        const view = viewOf({ mode, camera: { ...camera, fov }, shading: fov > 0 });
        const whole = await scene.render(view);
        for (
          const [x, y, width, height] of [
            [0, 0, 32, 64],
            [32, 0, 32, 64],
            [13, 7, 1, 50],
            [
              ...[5, 63, 37, 1],
            ],
            [60, 60, 4, 4],
            [20, 20, 17, 19],
          ] as [number, number, number, number][]
        ) {
          const viewport = { size: 64, x, y, width, height };
          const tile = await scene.render({ ...view, viewport });
          for (let row = 0; row < height; row++) {
            const from = (y + row) * 64 + x;
            assertEquals(
              tile.rgba.subarray(row * width * 4, (row + 1) * width * 4),
              whole.rgba.subarray(from * 4, (from + width) * 4),
            );
            assertEquals(
              tile.values.subarray(row * width, (row + 1) * width),
              whole.values.subarray(from, from + width),
            );
          }
        }
      }
      scene.free();
    }
  });

  test("tiles of volumes of which nothing else was drawn", async () => {
    for (const channels of [1, 4] as const) {
      const volume: RayVolume = { ...waves([50, 34, 41], channels), spacing: [1, 1.5, 0.8] };
      const whole = await make(volume);
      for (const mode of rayModes) {
        for (const fov of [0, 50, 110]) {
          const distance = fov === 110 ? 0.4 : undefined;
          const camera = { yaw: 35, pitch: 25, fov, ...(distance ? { distance } : {}) };
          const view = viewOf({ mode, camera, shading: fov > 0, level: 0.6 });
          const image = await whole.render(view);
          for (const [x, y, width, height] of [[17, 30, 5, 4], [0, 40, 64, 6], [40, 0, 3, 64]]) {
            const viewport = { size: 64, x: x!, y: y!, width: width!, height: height! };
            const scene = await make(volume);
            const tile = await scene.render({ ...view, viewport });
            scene.free();
            const parts = Array.from({ length: height! }, (_, row) => {
              const from = (y! + row) * 64 + x!;
              return image.rgba.subarray(4 * from, 4 * (from + width!));
            });
            assertEquals([...tile.rgba], parts.flatMap((part) => [...part]));
          }
        }
      }
      whole.free();
    }
  });

  test("tiles far in", async () => {
    const volume = waves([40, 40, 40], 1, 2);
    const viewport = { size: 2 ** 15, x: 15000, y: 17000, width: 24, height: 24 };
    await check("far in", volume, { camera, viewport, level: 0.6, step: 0.25 });
  });

  test("images of any side", async () => {
    const viewport = { size: 61, x: 5, y: 7, width: 50, height: 33 };
    await check("61", waves([20, 18, 22], 1, 3), { camera, viewport, level: 0.6 });
  });

  test("rectangles of nothing", async () => {
    const scene = await make(even([4, 4, 4], 200));
    const viewport = { size: 64, x: 3, y: 5, width: 0, height: 4 };
    const image = await scene.render(viewOf({ viewport }));
    assertEquals([image.width, image.height, image.rgba.length], [0, 4, 0]);
    scene.free();
  });

  test("numbers out of range are refused with what was found", async () => {
    const scene = await make(even([4, 4, 4], 200));
    const refuse = async (part: Partial<RayView>, text: string) => {
      await assertRejects(async () => await scene.render(viewOf(part)), RangeError, text);
    };
    for (const bad of [NaN, Infinity, -Infinity]) {
      await refuse({ camera: { ...camera, yaw: bad } }, `got ${bad}`);
      await refuse({ camera: { ...camera, pitch: bad } }, `got ${bad}`);
      await refuse({ camera: { ...camera, fov: bad } }, `got ${bad}`);
      await refuse({ camera: { ...camera, distance: bad } }, `got ${bad}`);
      await refuse({ step: bad }, `got ${bad}`);
      await refuse({ level: bad }, `got ${bad}`);
      await refuse({ slice: { axis: 0, position: bad } }, `got ${bad}`);
      await refuse({ transfer: new Float32Array(1024).fill(bad) }, `got ${bad} in entry 0`);
    }
    await refuse({ camera: { ...camera, fov: 0, distance: 0 } }, "distance must be above 0");
    await refuse({ transfer: new Float32Array(4) }, "got 4 numbers");
    await refuse({ viewport: { size: 63.5, x: 0, y: 0, width: 1, height: 1 } }, "got 63.5");
    await refuse({ viewport: { size: 0, x: 0, y: 0, width: 0, height: 0 } }, "got 0");
    await refuse({ viewport: { size: 64, x: 60, y: 0, width: 5, height: 1 } }, "of an image");
    scene.free();
    const volume = even([4, 4, 4], 200);
    const make_ = async (part: Partial<RayVolume>) => void await make({ ...volume, ...part });
    await assertRejects(() => make_({ size: [4, 4, 5] }), RangeError, "80 bytes, got 64");
    await assertRejects(() => make_({ size: [4, 4, 0] }), RangeError, "got 4 × 4 × 0");
    await assertRejects(() => make_({ size: [2049, 1, 1] }), RangeError, "got 2049 × 1 × 1");
    await assertRejects(() => make_({ spacing: [1, NaN, 1] }), RangeError, "got 1 × NaN × 1");
    assert(volume.data.every((value) => value === 200));
  });
}
