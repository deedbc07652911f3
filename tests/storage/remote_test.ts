import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { BadRequest, Changed, Forbidden, FormatError, Unreadable } from "../../src/errors.ts";
import { Remote, type RemoteOptions } from "../../src/storage/remote.ts";
import { supplier } from "../../src/storage/supply.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { inFolder } from "./folder.ts";
import { type RangeServer, rangeServer, served } from "./servers/range.ts";

const bytes = Uint8Array.from({ length: 5_000_011 }, (_, i) => (i * 31 + (i >> 8)) & 255);
const HEAD = 65_536;

async function withRemote(
  test: (remote: Remote, server: RangeServer) => Promise<void>,
  options: RemoteOptions = {},
): Promise<void> {
  await using server = await rangeServer({ "/folder/m.bin": served(bytes) });
  const remote = new Remote({
    policy: { hosts: ["127.0.0.1"], private: true },
    patience: { attempts: 2, first: 1, longest: 1 },
    ...options,
  });
  try {
    await test(remote, server);
  } finally {
    await remote.close();
  }
}

const rows = (count: number, step: number, length: number, start = 1_000_003) =>
  Array.from({ length: count }, (_, i) => ({ offset: start + i * step, length }));

Deno.test("remote: any spans at once, again and again, are the object's bytes", () =>
  withRemote(async (remote, server) => {
    const source = await remote.open(`${server.origin}/folder/m.bin`);
    const span = fc.tuple(fc.nat(bytes.length), fc.oneof(fc.nat(50), fc.nat(200_000)))
      .map(([offset, length]) => ({ offset, length: Math.min(length, bytes.length - offset) }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(span, { maxLength: 8 }), { maxLength: 3 }),
        async (all) => {
          const found = await Promise.all(all.map((spans) => source.fetch(spans)));
          all.forEach((spans, i) =>
            spans.forEach(({ offset, length }, j) => {
              assertEquals(found[i]![j], bytes.slice(offset, offset + length));
            })
          );
        },
      ),
      { numRuns: 40 },
    );
    assert(server.sent <= 2 * bytes.length, "what is there is not fetched again");
    await assertRejects(() => source.fetch([{ offset: 5_000_000, length: 12 }]), RangeError);
    await assertRejects(() => source.read(0, 1, AbortSignal.abort()), DOMException);
  }));

Deno.test("remote: rows of a tile cost at most twice their bytes, and nothing the second time", () =>
  withRemote(async (remote, server) => {
    const source = await remote.open(`${server.origin}/folder/m.bin`);
    for (const [step, length] of [[8192, 512], [2000, 512], [600, 512], [15_000, 1024]] as const) {
      const spans = rows(256, step, length);
      server.reset();
      const found = await source.fetch(spans);
      spans.forEach(({ offset }, i) => {
        assertEquals(found[i], bytes.slice(offset, offset + length));
      });
      assert(server.sent <= 2 * 256 * length, `${server.sent} bytes of ${256 * length}`);
      server.reset();
      await source.fetch(spans);
      assertEquals(server.asked.length, 0);
    }
  }));

Deno.test("remote: near spans come in one request, far ones at once", () =>
  withRemote(async (remote, server) => {
    const source = await remote.open(`${server.origin}/folder/m.bin`);
    server.reset();
    await source.fetch(rows(100, 300, 256));
    assertEquals(server.asked.length, 1);
    server.latency = 60;
    const began = performance.now();
    await source.fetch(rows(20, 150_000, 256, 2_000_000));
    assertEquals(server.asked.length, 21);
    assert(performance.now() - began < 10 * 60);
  }));

Deno.test("remote: what several want is fetched once; who leaves leaves alone, the last ends it", () =>
  withRemote(async (remote, server) => {
    const source = await remote.open(`${server.origin}/folder/m.bin`);
    server.reset();
    server.latency = 40;
    const [first, second] = [new AbortController(), new AbortController()];
    const reads = [first, second].map(({ signal }) => source.read(1_000_000, 50_000, signal));
    await new Promise((resolve) => setTimeout(resolve, 10));
    first.abort();
    await assertRejects(() => reads[0]!, DOMException);
    assertEquals(await reads[1], bytes.slice(1_000_000, 1_050_000));
    assertEquals(server.asked.length, 1);

    const lone = source.read(2_000_000, 50_000, second.signal);
    await new Promise((resolve) => setTimeout(resolve, 10));
    second.abort();
    await assertRejects(() => lone, DOMException);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert(server.asked[1]!.cut);
  }));

Deno.test("remote: one failed request of many fails the fetch and ends the others", () =>
  withRemote(async (remote, server) => {
    const source = await remote.open(`${server.origin}/folder/m.bin`);
    server.reset();
    server.fault = (asked, response, respond) => {
      if (asked.range?.startsWith("bytes=3000")) response.writeHead(403).end();
      else setTimeout(respond, 300);
      return true;
    };
    const spans = [1_000_000, 2_000_000, 3_000_064, 4_000_000].map((offset) => {
      return { offset, length: 100 };
    });
    await assertRejects(() => source.fetch(spans), Unreadable, "credentials");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(server.asked.filter(({ cut }) => cut).length, 3);
  }));

Deno.test("remote: the cache on disk outlives a process, and a change of the object", () =>
  inFolder((folder) =>
    withRemote(async (_, server) => {
      const url = `${server.origin}/folder/m.bin`;
      const open = () =>
        new Remote({
          policy: { hosts: ["127.0.0.1"], private: true },
          cache: { folder, bytes: 1e8 },
        });
      const spans = rows(50, 10_000, 512);
      for (const turn of [1, 2]) {
        const remote = open();
        const source = await remote.open(url);
        server.reset();
        await source.fetch(spans);
        assertEquals(server.asked.length > 0, turn === 1);
        await remote.close();
      }
      const other = bytes.map((byte) => byte ^ 255);
      server.objects.set("/folder/m.bin", served(other, '"two"'));
      const remote = open();
      const source = await remote.open(url);
      const [found] = await source.fetch(spans);
      assertEquals(found, other.slice(spans[0]!.offset, spans[0]!.offset + 512));
      await remote.close();
    })
  ));

Deno.test("remote: without a validator nothing is kept on disk; without a disk memory does", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/file`, new Uint8Array(1));
    const told: string[] = [];
    const options = {
      cache: { folder: `${folder}/file/x`, bytes: 1e8 },
      tell: told.push.bind(told),
    };
    await withRemote(async (remote, server) => {
      assert(told[0]!.includes("memory alone"));
      const source = await remote.open(`${server.origin}/folder/m.bin`);
      await source.fetch(rows(50, 10_000, 512));
      server.reset();
      await source.fetch(rows(50, 10_000, 512));
      assertEquals(server.asked.length, 0);
    }, options);
    await withRemote(async (remote, server) => {
      const { etag: _, ...unmarked } = served(bytes);
      server.objects.set("/plain", unmarked);
      const source = await remote.open(`${server.origin}/plain`);
      await source.fetch(rows(50, 10_000, 512));
    }, { cache: { folder: `${folder}/cache`, bytes: 1e8 } });
    assertEquals([...Deno.readDirSync(`${folder}/cache/sectors`)], []);
  }));

Deno.test("remote: files beside are found by relative paths, none outside of the folder", () =>
  withRemote(async (remote, server) => {
    const odd = "sub/ö %2e&?#.bin";
    server.objects.set("/folder/other.bin", served(bytes.slice(0, 100)));
    server.objects.set(`/folder/${odd}`, served(bytes.slice(0, 200)));
    server.objects.set("/outside.bin", served(bytes));
    const source = await remote.open(`${server.origin}/folder/m.bin?key=1`);
    assertEquals((await remote.beside(source, "other.bin")).size, 100);
    // With the same query, which may be what grants access.
    assertEquals(server.asked.at(-1)!.query, "?key=1");
    assertEquals((await remote.beside(source, odd)).size, 200);
    for (
      const path of [
        ...["../outside.bin", "/outside.bin", "a/../../outside.bin", "..", "", ".", "a//b"],
        ...[
          "..\\outside.bin",
          "https://evil.example/x",
          "//evil.example/x",
          "a\0b",
          "\ud800",
          "missing.bin",
        ],
      ]
    ) {
      const asked = server.asked.length;
      await assertRejects(() => remote.beside(source, path), FormatError);
      assert(server.asked.length === asked || path === "missing.bin");
    }
    const encoded = await assertRejects(
      () => remote.beside(source, "%2e%2e%2foutside.bin"),
      FormatError,
    );
    assert(encoded.message.includes("a file that is there"));
    assertEquals(server.asked.at(-1)!.path, "/folder/%252e%252e%252foutside.bin");
  }));

Deno.test("remote: a folder stands for the index or the single file inside, a repository too", () =>
  withRemote(async (remote, server) => {
    server.objects.set("/one/model.safetensors", served(bytes.slice(0, 100)));
    server.objects.set("/many/model.safetensors.index.json", served(bytes.slice(0, 50)));
    server.objects.set("/many/model.safetensors", served(bytes.slice(0, 60)));
    assertEquals((await remote.open(`${server.origin}/one/`)).size, 100);
    assertEquals((await remote.open(`${server.origin}/many/`)).size, 50);
    await assertRejects(() => remote.open(`${server.origin}/none/`), Unreadable, "holds neither");

    server.objects.set("/org/name/resolve/main/model.safetensors", served(bytes.slice(0, 70)));
    server.objects.set("/org/name/resolve/v1/gguf/a.gguf", served(bytes.slice(0, 80)));
    const hub = new Remote({
      policy: { hosts: ["127.0.0.1"], private: true },
      hub: { endpoint: server.origin, token: "hunter2" },
    });
    const whole = await hub.open("hf://org/name");
    assertEquals([whole.name, whole.size], ["hf://org/name/model.safetensors", 70]);
    assertEquals(server.asked.at(-1)!.headers["authorization"], "Bearer hunter2");
    const file = await hub.open("hf://org/name@v1/gguf/a.gguf");
    assertEquals([file.name, file.size], ["hf://org/name@v1/gguf/a.gguf", 80]);
    const leading = ["%2e%2e/x", ".%2E/x", "a/../../x", "\\..\\x", "..\t/..\t/x"];
    const out = leading.map((path) => `hf://org/name/${path}`);
    for (const wrong of ["hf://org", "hf://org/name@../x", "hf://", ...out]) {
      await assertRejects(() => hub.open(wrong), BadRequest, "does not name a repository");
    }
    await hub.close();
  }));

Deno.test("remote: only allowed hosts are opened, unless whoever runs the program named them", () =>
  withRemote(async (remote, server) => {
    const url = `${server.origin}/folder/m.bin`;
    await assertRejects(() => remote.open(url), Forbidden, "not on the list");
    const source = await remote.open(url, true);
    assertEquals(source.size, bytes.length);
    // That trust does not extend to where it leads.
    server.fault = (_asked, response) => {
      response.writeHead(302, { location: "http://localhost/x" }).end();
      return true;
    };
    await assertRejects(() => remote.open(url, true), Forbidden, "localhost");
    const strict = new Remote();
    await assertRejects(() => strict.open(url, true), Forbidden, "private or special");
    await assertRejects(() => strict.open("https://10.0.0.1/x", true), Forbidden);
    await strict.close();
    for (const place of ["file:///etc/passwd", "/etc/passwd", "nonsense", "https://"]) {
      await assertRejects(() => remote.open(place), BadRequest);
    }
  }, { policy: { hosts: [], private: true } }));

Deno.test("supplier: brings spans of the objects that are open, and of no others", () =>
  withRemote(async (remote, server) => {
    assertEquals(supplier([new MemorySource("here", bytes)]), undefined);
    const source = await remote.open(`${server.origin}/folder/m.bin`);
    const fetch = supplier([source])!;
    const { url, version } = source.ref;
    const spans = [{ offset: 5, length: 10 }, { offset: 1_000_000, length: 20 }];
    const [supply] = await fetch([{ url, version, spans }]);
    const expected = [...bytes.slice(5, 15), ...bytes.slice(1_000_000, 1_000_020)];
    assertEquals([...supply!.bytes], expected);
    assert(supply!.bytes.buffer instanceof SharedArrayBuffer);
    assertEquals(server.sent, HEAD + 128);
    await assertRejects(() => fetch([{ url, version: "old", spans }]), Changed);
  }));
