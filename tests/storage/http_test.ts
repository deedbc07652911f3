import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { Changed, Forbidden, Unreadable } from "../../src/errors.ts";
import { HttpSource } from "../../src/storage/http.ts";
import { HttpClient } from "../../src/storage/http_client.ts";
import { type Fault, type RangeServer, rangeServer, served } from "./servers/range.ts";

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);
const patience = { attempts: 3, first: 1, longest: 200 };

/** Runs a test with a server of "/m.bin" and a client that may ask it. */
async function withServer(
  test: (
    server: RangeServer,
    open: (path?: string, believed?: number) => Promise<HttpSource>,
    client: HttpClient,
  ) => Promise<void>,
): Promise<void> {
  await using server = await rangeServer({ "/m.bin": served(bytes) });
  const client = new HttpClient({ policy: { hosts: ["*"], private: true }, timeout: 60 });
  const open = (path = "/m.bin", believed = 30_000) =>
    HttpSource.open({ url: new URL(path, server.origin) }, { client, patience, believed });
  try {
    await test(server, open, client);
  } finally {
    client.close();
  }
}

/** A fault in the first `times` requests. */
const first = (times: number, fault: Fault): Fault => (asked, response, respond, turn) =>
  turn <= times && fault(asked, response, respond, turn);
const status = (code: number, headers: Record<string, string> = {}): Fault => (_, response) => {
  response.writeHead(code, headers).end();
  return true;
};
const headers = (changed: Record<string, string>): Fault => (_asked, _response, respond) => {
  respond(changed);
  return true;
};

Deno.test("http: opens with one request, reads any span, knows size, version and reference", () =>
  withServer(async (server, open) => {
    const source = await open();
    assertEquals(server.asked.map(({ range }) => range), ["bytes=0-65535"]);
    assertEquals(source.size, bytes.length);
    assertEquals(source.name, `${server.origin}/m.bin`);
    for (const [offset, length] of [[0, 8], [65_530, 10], [299_990, 10], [5, 0], [0, 300_000]]) {
      const found = await source.read(offset!, length!);
      assertEquals(found, bytes.slice(offset!, offset! + length!));
    }
    await assertRejects(() => source.read(299_999, 2), RangeError);
    const again = await open();
    assertEquals(again.version, source.version);
    server.objects.set("/m.bin", served(bytes, '"two"'));
    assert((await open()).version !== source.version);
    source.close();
    await assertRejects(() => source.read(100_000, 1), Changed, "was closed");
  }));

Deno.test("http: small and empty objects are read at once", () =>
  withServer(async (server, open) => {
    for (const length of [0, 1, 100, 65_536]) {
      server.objects.set("/small", served(bytes.slice(0, length)));
      server.reset();
      const source = await open("/small");
      assertEquals(await source.read(0, source.size), bytes.slice(0, length));
      assertEquals(server.asked.length, 1);
    }
  }));

const passing: Readonly<Record<string, Fault>> = {
  "500": status(500),
  "503 with Retry-After": status(503, { "retry-after": "0" }),
  "429": status(429, { "retry-after": "0" }),
  "408": status(408),
  reset: (_asked, response) => {
    response.socket!.destroy();
    return true;
  },
  "a body cut short": (_asked, response) => {
    response.writeHead(206, {
      "content-range": `bytes 0-65535/${bytes.length}`,
      "content-length": "65536",
      etag: '"one"',
    });
    response.write(bytes.slice(0, 1000), () => response.socket!.destroy());
    return true;
  },
  "a body that ends early": (_asked, response) => {
    const end = { "content-range": `bytes 0-65535/${bytes.length}`, etag: '"one"' };
    response.writeHead(206, end).end(bytes.slice(0, 1000));
    return true;
  },
  "no answer": () => true,
  "an answer that stands still": (_asked, response) => {
    response.writeHead(206, { "content-range": `bytes 0-65535/${bytes.length}`, etag: '"one"' });
    response.write(bytes.slice(0, 1000));
    return true;
  },
};
for (const [name, fault] of Object.entries(passing)) {
  Deno.test(`http: ${name} passes when it happens twice, not when it happens again and again`, () =>
    withServer(async (server, open) => {
      server.fault = first(2, fault);
      assertEquals(await (await open()).read(10, 5), bytes.slice(10, 15));
      assertEquals(server.asked.length, 3);
      server.reset();
      server.fault = fault;
      await assertRejects(() => open(), Unreadable, `${server.origin}/m.bin`);
      // A kept connection that breaks before an answer does not count: it may have been stale.
      assertEquals(server.asked.length, name === "reset" ? 4 : 3);
    }));
}

Deno.test("http: a wait that is too long is not waited for, and said", () =>
  withServer(async (server, open) => {
    server.fault = status(429, { "retry-after": "3600" });
    const error = await assertRejects(() => open(), Unreadable, "answers 429");
    assertEquals(error.details["retryAfter"], 3600);
    assertEquals(server.asked.length, 1);
  }));

Deno.test("http: an answer that drips for ever is given up", () =>
  withServer(async (server, _open, client) => {
    server.fault = (_asked, response) => {
      response.writeHead(206, { "content-range": `bytes 0-65535/${bytes.length}`, etag: '"one"' });
      const drip = setInterval(() => response.write(bytes.slice(0, 1)), 20);
      response.on("close", () => clearInterval(drip));
      return true;
    };
    const place = { url: new URL("/m.bin", server.origin) };
    const once = { client, patience: { ...patience, attempts: 1 } };
    await assertRejects(
      () => HttpSource.open(place, once),
      Unreadable,
      "not complete after 1200 ms",
    );
  }));

const final: Readonly<Record<string, readonly [Fault, string]>> = {
  "404": [status(404), "answers 404"],
  "403": [status(403), "needs credentials"],
  "the wrong region": [status(301, { "x-amz-bucket-region": "eu-1" }), "in the region eu-1"],
  "another range": [headers({ "content-range": "bytes 5-65540/300000" }), "Content-Range"],
  "a range that starts later": [
    headers({ "content-range": "bytes 5-65535/300000" }),
    'Content-Range is "bytes 5-65535/300000", expected bytes 0-65535/size',
  ],
  "a range without a size": [headers({ "content-range": "bytes 0-65535/*" }), "Content-Range"],
  "no range": [headers({ "content-range": "" }), "Content-Range"],
  "packed bytes": [headers({ "content-encoding": "gzip" }), "Content-Encoding is gzip"],
  "a body that is too long": [(_asked, response) => {
    response.writeHead(206, { "content-range": `bytes 0-65535/300000`, etag: '"one"' });
    response.end(bytes.slice(0, 70_000));
    return true;
  }, "longer than 65536"],
  "a whole that is too large": [(_asked, response) => {
    response.writeHead(200, { "content-length": String(100 << 20) });
    response.write(bytes);
    return true;
  }, "gives only the whole"],
  "a redirect to nowhere": [status(302), "does not say where to"],
  "redirects in a circle": [status(302, { location: "/m.bin" }), "more than 5 times"],
};
for (const [name, [fault, message]] of Object.entries(final)) {
  Deno.test(`http: ${name} is refused at once, with a reason`, () =>
    withServer(async (server, open) => {
      server.fault = fault;
      await assertRejects(() => open(), Unreadable, message);
      assert(server.asked.length <= 6);
    }));
}

Deno.test("http: packed bytes are refused rather than unpacked", () =>
  withServer(async (server, open) => {
    server.fault = (_asked, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(bytes));
      return true;
    };
    await assertRejects(() => open(), Unreadable, "Content-Encoding");
    assertEquals(server.asked[0]!.headers["accept-encoding"], "identity");
  }));

Deno.test("http: an object from a server without ranges is read once, with or without its length", () =>
  withServer(async (server, open) => {
    for (const stated of [true, false]) {
      server.reset();
      server.fault = (asked, response) => {
        asked.sent = bytes.length;
        response.writeHead(200, {
          etag: '"one"',
          ...(stated ? { "content-length": String(bytes.length) } : {}),
        }).end(bytes);
        return true;
      };
      const source = await open();
      assertEquals(source.size, bytes.length);
      assertEquals(await source.read(200_000, 1000), bytes.slice(200_000, 201_000));
      assertEquals(server.asked.length, 1);
    }
  }));

Deno.test("http: a whole object in place of a range is the one that was opened, or a change", () =>
  withServer(async (server, open) => {
    const source = await open();
    const whole = (length: number) => {
      server.fault = (_, response) => {
        response.writeHead(200, { etag: '"one"' }).end(bytes.subarray(0, length));
        return true;
      };
    };
    whole(bytes.length);
    assertEquals(await source.read(200_000, 10), bytes.slice(200_000, 200_010));
    whole(100);
    await assertRejects(() => source.read(200_000, 10), Changed, "100 bytes");
  }));

Deno.test("http: an object that changes midway is noticed by the next read, and by every check from then on", () =>
  withServer(async (server, open) => {
    const changes: (() => void)[] = [
      () => server.objects.set("/m.bin", served(bytes, '"two"')),
      () => server.objects.set("/m.bin", { ...served(bytes), size: 299_999 }),
      () => server.objects.delete("/m.bin"),
      () => server.objects.set("/m.bin", served(bytes.slice(0, 100), '"one"')),
    ];
    for (const change of changes) {
      server.objects.set("/m.bin", served(bytes));
      const source = await open();
      source.check();
      await source.read(100_000, 10);
      change();
      await assertRejects(() => source.read(200_000, 10), Changed);
      assertThrows(() => source.check(), Changed);
    }
  }));

Deno.test("http: without an ETag the modification time tells, with a note in the version", () =>
  withServer(async (server, open) => {
    const old = { ...served(bytes), modified: "Mon, 01 Jan 2024 00:00:00 GMT" };
    const { etag: _, ...dated } = old;
    server.objects.set("/m.bin", dated);
    const source = await open();
    await source.read(100_000, 10);
    server.objects.set("/m.bin", { ...dated, modified: "Tue, 02 Jan 2024 00:00:00 GMT" });
    await assertRejects(() => source.read(200_000, 10), Changed, "Jan 2024");
  }));

Deno.test("http: check asks again in the background once its belief is old, and tells the next time", () =>
  withServer(async (server, open) => {
    const source = await open("/m.bin", 20);
    server.objects.set("/m.bin", served(bytes, '"two"'));
    source.check();
    assertEquals(server.asked.length, 1);
    await new Promise((resolve) => setTimeout(resolve, 25));
    source.check();
    source.check();
    await until(() => server.asked.length === 2);
    await until(() => throws(() => source.check()));
    assertThrows(() => source.check(), Changed);
    assertEquals(server.asked.length, 2);
  }));

Deno.test("http: check keeps quiet while a server cannot be reached", () =>
  withServer(async (server, open) => {
    const source = await open("/m.bin", 0);
    server.fault = (_asked, response) => {
      response.socket!.destroy();
      return true;
    };
    source.check();
    await until(() => server.asked.length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    source.check();
    source.close();
  }));

Deno.test("http: cancelling ends the request, waiting or not", () =>
  withServer(async (server, open) => {
    const source = await open();
    const abort = new AbortController();
    server.fault = (_asked, response) => {
      response.writeHead(206, { "content-range": `bytes 100000-299999/300000`, etag: '"one"' });
      response.write(bytes.slice(0, 1000));
      return true;
    };
    const reading = source.read(100_000, 200_000, abort.signal);
    await until(() => server.asked.length === 2);
    abort.abort();
    await assertRejects(() => reading, DOMException);
    await until(() => server.asked[1]!.cut);
    assertEquals(server.asked.length, 2);
    await assertRejects(() => source.read(100_000, 1, AbortSignal.abort()), DOMException);
    assertEquals(server.asked.length, 2);

    // Over a connection that was used before, and before there is an answer.
    server.fault = undefined;
    await source.read(200_000, 10);
    server.fault = () => true;
    const waiting = source.read(100_000, 10, AbortSignal.timeout(30));
    await assertRejects(() => waiting, DOMException);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(server.asked.length, 4);
    assert(server.asked[3]!.cut);
  }));

Deno.test("http: a redirect is remembered, and asked for anew where its target has expired", () =>
  withServer(async (server, open) => {
    await using store = await rangeServer({ "/signed": served(bytes) });
    let signature = 1;
    const hub: Fault = (_asked, response) => {
      response.writeHead(302, { location: `${store.origin}/signed?key=${signature}` }).end();
      return true;
    };
    server.fault = hub;
    store.fault = (asked, response) => {
      if (asked.query === `?key=${signature}`) return false;
      response.writeHead(403).end();
      return true;
    };
    const source = await open();
    await source.read(100_000, 10);
    await source.read(200_000, 10);
    assertEquals([server.asked.length, store.asked.length], [2, 3]);
    signature = 2;
    assertEquals(await source.read(150_000, 10), bytes.slice(150_000, 150_010));
    assertEquals([server.asked.length, store.asked.length], [3, 5]);
    // Credentials end at the first host.
    assert(store.asked.every((asked) => asked.headers["authorization"] === undefined));
  }));

Deno.test("http: what proves who asks goes to the first host alone, and no message shows a query", () =>
  withServer(async (server, _open, client) => {
    await using store = await rangeServer({ "/signed": served(bytes) });
    server.fault = (_asked, response) => {
      response.writeHead(302, { location: `${store.origin}/signed?secret=1` }).end();
      return true;
    };
    store.fault = status(403);
    const place = {
      url: new URL(`${server.origin}/m.bin?token=hunter2`),
      authorize: (_url: URL, given: Readonly<Record<string, string>>) =>
        Promise.resolve({ ...given, authorization: "Bearer hunter2" }),
    };
    const error = await assertRejects(
      () => HttpSource.open(place, { client, patience }),
      Unreadable,
      "needs credentials",
    );
    assert(!/hunter2|secret/.test(`${error.message} ${JSON.stringify(error.details)}`));
    assertEquals(server.asked[0]!.headers["authorization"], "Bearer hunter2");
    assertEquals(store.asked[0]!.headers["authorization"], undefined);
    assertMatch(error.message, /signed answers 403/);
  }));

Deno.test("http: a redirect to a host that is not allowed is refused, also after opening", async () => {
  await using server = await rangeServer({ "/m.bin": served(bytes) });
  const client = new HttpClient({ policy: { hosts: ["127.0.0.1"], private: true } });
  const source = await HttpSource.open({ url: new URL("/m.bin", server.origin) }, { client });
  server.fault = status(302, { location: "http://169.254.169.254/latest/meta-data/" });
  await assertRejects(() => source.read(100_000, 10), Forbidden, "169.254.169.254");
  client.close();
});

const throws = (work: () => void): boolean => {
  try {
    work();
    return false;
  } catch {
    return true;
  }
};

/** Waits until something is so; a test that waits in vain fails by its time. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert(condition());
}
