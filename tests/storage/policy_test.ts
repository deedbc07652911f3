import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadRequest, Forbidden } from "../../src/errors.ts";
import { HttpClient } from "../../src/storage/http_client.ts";
import {
  allowing,
  checkUrl,
  defaultPolicy,
  isPublic,
  type RemotePolicy,
  type Resolve,
} from "../../src/storage/policy.ts";
import { rangeServer, served } from "./servers/range.ts";

/** Addresses by what they are for; the first of each is the first of its block, the last its last. */
const refused: Readonly<Record<string, readonly string[]>> = {
  "this network, unspecified": ["0.0.0.0", "0.255.255.255", "::"],
  loopback: ["127.0.0.1", "127.255.255.255", "::1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"],
  private: ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0"],
  "carrier-grade NAT": ["100.64.0.0", "100.127.255.255"],
  "link-local": ["169.254.0.0", "169.254.255.255", "fe80::", "fe80::1", "febf::1"],
  "cloud metadata": [
    ...["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "168.63.129.16"],
  ],
  "unique local": ["fc00::", "fdff:ffff::1"],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1"],
  "broadcast and reserved": ["240.0.0.0", "255.255.255.255"],
  "documentation and benchmarks": [
    ...["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8::1", "3fff::1"],
  ],
  "IPv4 inside of IPv6": [
    ...["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"],
    ...["2002:7f00:1::", "2001::1", "::127.0.0.1"],
  ],
  "no address": ["", "localhost", "256.1.1.1", "fe80::1%eth0", "1.2.3.4.5", "[::1]"],
};
const allowed = [
  ...["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"],
  ...["11.0.0.0", "128.0.0.1", "169.253.255.255", "223.255.255.255", "192.167.255.255"],
  ...["2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
];

for (const [kind, addresses] of Object.entries(refused)) {
  Deno.test(`policy: addresses for ${kind} are not public`, () => {
    assertEquals(addresses.filter(isPublic), []);
  });
}

Deno.test("policy: addresses just outside of special blocks are public", () => {
  assertEquals(allowed.filter((address) => !isPublic(address)), []);
});

Deno.test("policy: schemes, credentials, hosts and literal addresses of a URL are checked", () => {
  const policy: RemotePolicy = {
    hosts: ["hub.example", "*.files.example", "10.1.2.3", "[::1]"],
    private: false,
  };
  const check = (url: string, more = policy) => checkUrl(new URL(url), more);
  for (
    const url of ["https://hub.example/a", "http://hub.example:8080/", "https://HUB.example./"]
  ) check(url);
  check("https://eu.files.example/");
  const given = new URL("http://[2606:4700::1111]/");
  checkUrl(given, allowing(policy, given.hostname));
  checkUrl(new URL("http://other.example./"), allowing(policy, "Other.example."));
  for (const url of ["file:///etc/passwd", "ftp://hub.example/", "data:,x", "blob:https://x/y"]) {
    assertThrows(() => check(url), Forbidden, "only http and https");
  }
  for (
    const url of [
      ...["https://files.example/", "https://evilfiles.example/", "https://hub.example.evil/"],
      ...["https://x.hub.example/", "http://localhost/"],
    ]
  ) assertThrows(() => check(url), Forbidden, "not on the list");
  const secret = assertThrows(() => check("https://me:hunter2@hub.example/"), BadRequest);
  assert(!secret.message.includes("hunter2"));
  for (const url of ["http://10.1.2.3/", "http://0x0a.1.2.3/", "http://[::1]/"]) {
    const any = { hosts: ["*"], private: false };
    assertThrows(() => check(url, any), Forbidden, "private or special");
    check(url, { hosts: ["*"], private: true });
  }
  assertThrows(() => check("http://192.168.0.1/", defaultPolicy), Forbidden);
});

/** Answers for a name, one list after the other, the last one for ever. */
function names(...answers: readonly (readonly string[])[]): Resolve & { asked: number } {
  const resolve = (_host: string) => {
    const found = answers[Math.min(resolve.asked++, answers.length - 1)]!;
    return Promise.resolve(found.map((address) => ({ address, family: 4 })));
  };
  resolve.asked = 0;
  return resolve;
}

Deno.test("policy: a name that leads inside is refused before anything is sent", async () => {
  await using server = await rangeServer({ "/m": served(new Uint8Array(10)) });
  const client = new HttpClient({
    policy: { hosts: ["rebound.example"], private: false },
    resolve: names(["127.0.0.1"]),
  });
  const url = new URL(`http://rebound.example:${server.port}/m`);
  await assertRejects(() => client.get(url, {}), Forbidden, "is at 127.0.0.1");
  assertEquals(server.asked, []);
  client.close();
});

Deno.test("policy: a name is resolved once a connection, and the checked address is the one used", async () => {
  await using server = await rangeServer({ "/m": served(new Uint8Array(10)) });
  // Public when checked, inside when asked again: the classic rebinding.
  const resolve = names(["127.0.0.1"], ["10.0.0.1"]);
  const client = new HttpClient({ policy: { hosts: ["*"], private: true }, resolve });
  const reply = await client.get(new URL(`http://rebound.example:${server.port}/m`), {});
  assertEquals([reply.status, resolve.asked], [200, 1]);
  reply.discard();
  client.close();

  const strict = new HttpClient({
    policy: { hosts: ["*"], private: false },
    resolve: names(["93.184.216.34"], ["127.0.0.1"]),
    timeout: 50,
  });
  // The public address does not answer here; what matters is that this server is not asked instead.
  await assertRejects(() => strict.get(new URL(`http://rebound.example:${server.port}/m`), {}));
  assertEquals(server.asked.length, 1);
  strict.close();
});

Deno.test("policy: of several addresses only public ones are taken", async () => {
  await using server = await rangeServer({ "/m": served(new Uint8Array(10)) });
  const client = new HttpClient({
    policy: { hosts: ["*"], private: false },
    resolve: names(["127.0.0.1", "93.184.216.34"]),
    timeout: 50,
  });
  await assertRejects(() => client.get(new URL(`http://two.example:${server.port}/m`), {}));
  assertEquals(server.asked, []);
  client.close();
});

Deno.test("policy: where a redirect leads is checked as what was asked for is", async () => {
  await using server = await rangeServer({});
  const targets = [
    ...[
      "http://169.254.169.254/latest/meta-data/",
      "http://[fd00:ec2::254]/",
      "file:///etc/passwd",
    ],
    ...["http://elsewhere.example/", "http://127.0.0.1:1/"],
  ];
  const client = new HttpClient({
    policy: { hosts: ["start.example", "169.254.169.254", "127.0.0.1"], private: false },
    // As if it were public; the connection goes to the server above.
    resolve: names(["127.0.0.1"]),
  });
  const open = new HttpClient({
    policy: { hosts: ["start.example", "169.254.169.254"], private: true },
    resolve: names(["127.0.0.1"]),
  });
  for (const location of targets) {
    server.fault = (_asked, response) => {
      response.writeHead(302, { location }).end();
      return true;
    };
    const url = new URL(`http://start.example:${server.port}/m`);
    await assertRejects(() => client.get(url, {}), Forbidden);
    if (!location.includes("169.254")) await assertRejects(() => open.get(url, {}), Forbidden);
  }
  client.close();
  open.close();
});
