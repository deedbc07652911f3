import { assert, assertEquals, assertMatch } from "@std/assert";
import { served } from "./served.ts";

const tile = "/tiles/model/matrix/weights";

const refused = [
  ["/nothing", 404, /nothing/],
  ["/models/none", 404, /none.*model/],
  ["/models/model/none", 404, /none/],
  ["/models/model/matrix/none", 404, /none.*weights/],
  [`${tile}/0/0/0.gif`, 400, /gif.*png/],
  [`${tile}/0/0/0@3x.png`, 400, /@3x/],
  [`${tile}/a/0/0.png`, 400, /"a".*whole number/],
  [`${tile}/0.5/0/0.png`, 400, /0\.5/],
  [`${tile}/99/0/0.png`, 400, /99.*0 to/],
  [`${tile}/-1/0/0.png`, 400, /-1/],
  [`${tile}/0/1/0.png`, 404, /1 × 1 tiles/],
  [`${tile}/1/-1/0.png`, 404, /2 × 2 tiles/],
  [`${tile}/0/0/0.png?colour=red`, 400, /colour/],
  [`${tile}/0/0/0.png?colormap=red`, 400, /red.*viridis/],
  [`${tile}/tile.json?colour=red`, 400, /colour/],
  ["/dzi/model/matrix/weights.xml", 400, /\.dzi/],
  ["/dzi/model/matrix/weights_files/11/0_0.png", 404, /0 to 10/],
  ["/dzi/model/matrix/weights_files/8/1_0.png", 404, /1 × 1/],
  ["/legend/model/matrix/weights.txt", 400, /\.json.*\.svg.*\.png/],
  ["/legend/model/matrix/weights.svg?theme=pink", 400, /pink.*dark.*light/],
  ["/inspect/model/matrix/weights", 400, /x is missing/],
  ["/inspect/model/matrix/weights?x=1&y=one", 400, /"one"/],
  ["/inspect/model/matrix/weights?x=900&y=0", 404, /900/],
  ["/inspect/model/matrix/weights?x=0&y=0&z=9", 400, /9/],
  ["/summary/model/none", 404, /none/],
  ["/models?sort=name", 400, /sort/],
] as const;

Deno.test("what cannot be answered is a problem document that says why", (t) =>
  served(async ({ get }) => {
    for (const [path, status, words] of refused) {
      await t.step(`GET ${path} is a ${status}`, async () => {
        const response = await get(path);
        const body = await response.json();
        assertEquals(response.status, status, body.detail);
        assertEquals(response.headers.get("Content-Type"), "application/problem+json");
        assertEquals(response.headers.get("Access-Control-Allow-Origin"), "*");
        assertEquals([body.status, body.instance], [status, path]);
        assertMatch(body.type, /^urn:synaptile:[a-z-]+$/);
        assertMatch(body.detail, words);
        assert(body.title.length > 0);
      });
    }
  }));

Deno.test("methods other than reading are refused, with those that are allowed", () =>
  served(async ({ get }) => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const response = await get("/modes", { method });
      assertEquals([response.status, (await response.json()).status], [405, 405]);
      assertEquals(response.headers.get("Allow"), "GET, HEAD, OPTIONS");
    }
  }));

Deno.test("pages of any origin may ask, also with If-None-Match", () =>
  served(async ({ get }) => {
    const response = await get(`${tile}/0/0/0.png`, { method: "OPTIONS" });
    assertEquals(response.status, 204);
    assertEquals(response.headers.get("Access-Control-Allow-Origin"), "*");
    assertEquals(response.headers.get("Access-Control-Allow-Headers"), "*, Authorization");
    assertMatch(response.headers.get("Access-Control-Allow-Methods") ?? "", /GET/);
  }));

Deno.test("HEAD answers what GET does, with the body's length and without the body", () =>
  served(async ({ get }) => {
    const others = ["/models", "/models/model", "/modes", "/colormaps", "/healthz", "/readyz"];
    const pictures = [
      "/tiles/model/matrix/weights/tile.json",
      "/dzi/model/matrix/weights.dzi",
      "/legend/model/matrix/weights.json",
      "/legend/model/matrix/weights.png",
      "/inspect/model/matrix/weights?x=1&y=2",
      "/summary/model/plain",
    ];
    const errors = ["/nothing", "/models/none", "/inspect/model/matrix/weights?x=1"];
    for (const path of [...others, ...pictures, ...errors, `${tile}/0/0/0.png`]) {
      const whole = await get(path);
      const body = await whole.bytes();
      const head = await get(path, { method: "HEAD" });
      assertEquals([head.status, await head.text()], [whole.status, ""], path);
      assertEquals(head.headers.get("Content-Length"), String(body.length), path);
      for (const name of ["Content-Type", "ETag", "Cache-Control"]) {
        assertEquals(head.headers.get(name), whole.headers.get(name), `${name} of ${path}`);
      }
    }
    const known = { "If-None-Match": "*" };
    const unchanged = await get("/modes", { method: "HEAD", headers: known });
    assertEquals([unchanged.status, unchanged.headers.get("Content-Length")], [304, null]);
  }));

Deno.test("health and readiness are told", () =>
  served(async ({ get }) => {
    assertEquals(await (await get("/healthz")).json(), { status: "ok" });
    assertEquals(await (await get("/readyz")).json(), { status: "ready", models: 1 });
  }));
