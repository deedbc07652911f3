import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { palette } from "../../src/modes/colour.ts";
import { withTensors } from "../tile/models.ts";

// As volumes: 20 across, 16 down, 24 through; and 96 × 80 × 160.
// On entries of the ramp, so that nothing is rounded.
const values = (count: number) =>
  Float32Array.from({ length: count }, (_, i) => (i * 7919 % 251 - 125) / 125);
const tensors = {
  small: { shape: [24, 16, 20], values: values(24 * 320) },
  large: { shape: [160, 80, 96], values: values(160 * 80 * 96) },
};
const byte = (value: number) => Math.round(Math.round(125 + 125 * value) * 255 / 250);

type Get = (path: string, init?: RequestInit) => Promise<Response>;
const withServer = (test: (get: Get) => Promise<void>) =>
  withTensors(tensors, async (engine) => {
    const app = createApp(engine);
    await test(async (path, init) => await app(new Request(`http://localhost${path}`, init)));
  });

const fixed = "range=-1,1&axes=2|1|0";

/** All bricks of a description, one after the other. */
async function fetched(get: Get, { bricks }: { bricks: { count: number; url: string } }) {
  const parts: number[] = [];
  for (let i = 0; i < bricks.count; i++) {
    const answer = await get(bricks.url.replace("{brick}", String(i)));
    assertEquals(answer.status, 200);
    for (const byte of await answer.bytes()) parts.push(byte);
  }
  return parts;
}

Deno.test("a volume is told of and fetched, voxel by voxel as the file has it", () =>
  withServer(async (get) => {
    const answer = await get(`/volume/model/small/voxels?${fixed}`);
    assertEquals(answer.headers.get("Access-Control-Allow-Origin"), "*");
    const told = await answer.json();
    assertEquals([told.size, told.channels, told.log2], [[20, 16, 24], 1, [0, 0, 0]]);
    assertEquals([told.spacing, told.bricks.count], [[1, 1, 1], 1]);
    assertEquals([told.zoom, told.bytes], [8, 2 ** 24]);
    const ramp = palette("ember-ice");
    assertEquals(told.ramp.length, 251);
    assertEquals(parseInt(told.ramp[40].slice(1), 16) >> 8 & 255, ramp[161]);
    assertEquals(await fetched(get, told), Array.from(tensors.small.values, byte));
  }));

Deno.test("bricks are whole slices of a megabyte at most, and together the volume", () =>
  withServer(async (get) => {
    const told = await (await get(`/volume/model/large/voxels?${fixed}`)).json();
    assertEquals(told.size, [96, 80, 160]);
    assertEquals(told.bricks.depth, Math.floor(2 ** 20 / (96 * 80)));
    assertEquals(told.bricks.count, 2);
    const voxels = await fetched(get, told);
    assertEquals(voxels.length, tensors.large.values.length);
    assertEquals(voxels.findIndex((voxel, i) => voxel !== byte(tensors.large.values[i]!)), -1);
  }));

Deno.test("a volume of directions has four bytes a voxel", () =>
  withServer(async (get) => {
    const told = await (await get("/volume/model/small/voxels?colour=direction")).json();
    assertEquals(told.channels, 4);
    assertEquals((await fetched(get, told)).length, 4 * 20 * 16 * 24);
  }));

Deno.test("a volume is as fine as asked for, and no finer than its bytes allow", () =>
  withServer(async (get) => {
    const sizeOf = async (query: string) =>
      (await (await get(`/volume/model/large/voxels?${fixed}&${query}`)).json()).size;
    assertEquals(await sizeOf("zoom=0"), [96, 80, 160]);
    const small = await sizeOf("bytes=200000");
    // The longest side is halved first, of two the first.
    assertEquals(small, [48, 40, 80]);
    for (const bytes of [4096, 65536, 1 << 20, 1 << 24]) {
      const [x, y, z] = await sizeOf(`bytes=${bytes}`);
      assert(x * y * z <= bytes, `${x} × ${y} × ${z} of ${bytes}`);
    }
    const told = await (await get(`/volume/model/large/voxels?${fixed}&bytes=4096`)).json();
    assertMatch(told.bricks.url, /bytes=4096/);
    assertEquals((await fetched(get, told)).length, told.size[0] * told.size[1] * told.size[2]);
  }));

Deno.test("whatever a volume is seen from, its bytes are the same, at the same address", () =>
  withServer(async (get) => {
    const told = async (query: string) =>
      await (await get(`/volume/model/small/voxels?${query}`)).json();
    const one = await told(fixed);
    const looks = "yaw=99&pitch=-40&fov=0&distance=3&density=4&opacity=haze&render=iso&level=0.3" +
      "&axis=x&slice=0.2&shading=0&points=0:1,1:0";
    const other = await told(`${fixed}&${looks}`);
    assertEquals([other.bricks, other.content], [one.bricks, one.content]);
    const dressed = await told(`${fixed}&colormap_reverse=1&stretch=0`);
    assertEquals([dressed.bricks, dressed.content], [one.bricks, one.content]);
    assertEquals(dressed.ramp, one.ramp.toReversed());
    for (const filling of ["alpha=2", "clip=0.1", "normalize=log", "colormap=viridis"]) {
      assertNotEquals((await told(filling)).content, one.content);
      assert(one.parameters.includes(filling.split("=")[0]), filling);
    }
    assert(!one.parameters.some((name: string) => looks.includes(`${name}=`)), one.parameters);
  }));

Deno.test("what names the version is kept for ever, and a tag spares the bytes", () =>
  withServer(async (get) => {
    const told = await (await get(`/volume/model/small/voxels?${fixed}`)).json();
    const brick = told.bricks.url.replace("{brick}", "0");
    const answer = await get(brick);
    assertMatch(answer.headers.get("Cache-Control")!, /immutable/);
    assertEquals(answer.headers.get("Content-Length"), String(20 * 16 * 24));
    assertEquals(answer.headers.get("Access-Control-Allow-Origin"), "*");
    const etag = answer.headers.get("ETag")!;
    const again = await get(brick, { headers: { "If-None-Match": etag } });
    assertEquals([again.status, (await again.bytes()).length], [304, 0]);
    await answer.body!.cancel();
    const none = await get(brick.replace("/0.bin", "/1.bin"), {
      headers: { "If-None-Match": "*" },
    });
    assertEquals([none.status, (await none.json()).brick], [404, 1]);
    const head = await get(brick, { method: "HEAD" });
    assertEquals([head.status, head.headers.get("Content-Length")], [200, String(20 * 16 * 24)]);
    const unversioned = await get(brick.replace(/&v=[^&]*/, ""));
    assertMatch(unversioned.headers.get("Cache-Control")!, /no-cache/);
    await unversioned.body!.cancel();
    const view = await (await get("/models/model/small/voxels?yaw=9")).json();
    assertEquals(view.links.volume, "/volume/model/small/voxels?yaw=9");
    const plane = await (await get("/models/model/small/weights")).json();
    assertEquals(plane.links.volume, undefined);
  }));

Deno.test("what cannot be fetched of a volume is refused with the numbers", () =>
  withServer(async (get) => {
    for (
      const [path, status, detail] of [
        ["small/voxels?bytes=4095", 400, /bytes=4095 is not one number from 4096 to 16777216/],
        ["small/voxels?bytes=16777217", 400, /bytes=16777217/],
        ["small/voxels?bytes=1e6", 400, /bytes is "1e6" where a whole number is expected/],
        ["small/voxels?bytes=", 400, /bytes is ""/],
        ["small/voxels?bytes=5000&bytes=6000", 400, /bytes=5000, 6000/],
        ["small/voxels?zoom=9", 400, /zoom=9 is not one number from 0 to 8/],
        ["small/voxels?zoom=-1", 400, /zoom=-1/],
        ["small/voxels?zoom=NaN", 400, /zoom is "NaN"/],
        ["small/voxels?yaw=x", 400, /yaw=x/],
        ["small/voxels?brick=1", 400, /unknown parameter "brick"/],
        ["small/weights", 404, /mode "weights" draws no voxels/],
        ["small/octree", 404, /mode "octree" draws no voxels/],
        ["_/map", 404, /mode "map" draws no voxels/],
        ["small/nothing", 404, /no mode "nothing"/],
        ["none/voxels", 404, /no layer or tensor "none"/],
        ["small/voxels/1.bin", 404, /no brick 1: this volume has 0 to 0/],
        ["small/voxels/-1.bin", 404, /no brick -1/],
        ["small/voxels/999999999999999.bin", 404, /no brick 999999999999999/],
        ["small/voxels/0.5.bin", 400, /brick is "0.5"/],
        ["small/voxels/x.bin", 400, /brick is "x"/],
        ["small/voxels/0.png", 400, /"0.png" does not end in .bin/],
        ["small/voxels/0", 400, /"0" does not end in .bin/],
        ["small/voxels/0.bin?zoom=9", 400, /zoom=9/],
      ] as const
    ) {
      const refused = await get(`/volume/model/${path}`);
      assertEquals(refused.status, status, path);
      assertMatch(refused.headers.get("Content-Type")!, /problem\+json/);
      assertMatch((await refused.json()).detail, detail);
    }
  }));
