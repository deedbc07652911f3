import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import S3rver from "@20minutes/s3rver";
import { AwsClient } from "aws4fetch";
import { BadRequest, Unreadable } from "../../src/errors.ts";
import { Remote } from "../../src/storage/remote.ts";
import { s3Place, s3Settings } from "../../src/storage/s3.ts";
import { inFolder } from "./folder.ts";

const keys = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** A store that checks signatures, with a bucket "models". */
async function withStore(test: (endpoint: string) => Promise<void>): Promise<void> {
  await inFolder(async (directory) => {
    const store = new S3rver({
      port: 0,
      address: "127.0.0.1",
      silent: true,
      directory,
      configureBuckets: [{ name: "models" }],
    });
    const { port } = await store.run();
    try {
      await test(`http://127.0.0.1:${port}`);
    } finally {
      await store.close();
    }
  });
}

const remote = (endpoint: string, given?: typeof keys) =>
  new Remote({
    policy: { hosts: ["127.0.0.1"], private: true },
    patience: { attempts: 1, first: 1, longest: 1 },
    s3: { region: "us-east-1", endpoint, ...(given ? { keys: given } : {}) },
  });

Deno.test("s3: signed requests are accepted, wrongly signed ones are not, and ranges are read", () =>
  withStore(async (endpoint) => {
    const writer = new AwsClient({ ...keys, region: "us-east-1", service: "s3" });
    for (const key of ["a%20b/x%2By.bin", "a%20b/beside.bin"]) {
      const put = await writer.fetch(`${endpoint}/models/${key}`, { method: "PUT", body: bytes });
      await put.body?.cancel();
      assertEquals(put.status, 200);
    }
    const signed = remote(endpoint, keys);
    const source = await signed.open("s3://models/a b/x+y.bin".replace("+", "%2B"));
    assertEquals([source.name, source.size], ["s3://models/a b/x+y.bin", bytes.length]);
    assertEquals(await source.read(150_000, 20), bytes.slice(150_000, 150_020));
    const beside = await signed.beside(source, "beside.bin");
    assertEquals(beside.name, "s3://models/a b/beside.bin");
    assertEquals(await beside.read(299_990, 10), bytes.slice(299_990));
    await assertRejects(() => signed.open("s3://models/missing.bin"), Unreadable, "404");
    await signed.close();

    const wrong = remote(endpoint, { ...keys, secretAccessKey: "another" });
    await assertRejects(() => wrong.open("s3://models/a b/beside.bin"), Unreadable, "403");
    await wrong.close();

    const anonymous = remote(endpoint);
    const open = await anonymous.open("s3://models/a b/beside.bin");
    assertEquals(await open.read(200_000, 20), bytes.slice(200_000, 200_020));
    await anonymous.close();
  }));

Deno.test("s3: signatures are for the region, and leave the range as it is", async () => {
  const { url, authorize } = s3Place(new URL("s3://bucket/a"), { region: "eu-1", keys });
  const { authorization, range } = await authorize!(url, { range: "bytes=0-9" });
  assertEquals(range, "bytes=0-9");
  assertMatch(
    authorization!,
    /^AWS4-HMAC-SHA256 Credential=S3RVER\/\d{8}\/eu-1\/s3\/aws4_request,/,
  );
});

Deno.test("s3: the environment says where and who, as it does to other tools", () => {
  const env = (values: Record<string, string>) => s3Settings((name) => values[name]);
  assertEquals(env({}), { region: "us-east-1" });
  assertEquals(env({ AWS_ACCESS_KEY_ID: "id" }), { region: "us-east-1" });
  assertEquals(
    env({
      AWS_REGION: "eu-1",
      AWS_ENDPOINT_URL: "https://all",
      AWS_ENDPOINT_URL_S3: "https://s3",
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "session",
    }),
    {
      region: "eu-1",
      endpoint: "https://s3",
      keys: { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "session" },
    },
  );
});

Deno.test("s3: buckets stand before the host, or in the path of other stores and of names with a dot", () => {
  const at = (text: string, endpoint?: string) =>
    s3Place(new URL(text), { region: "eu-1", ...(endpoint ? { endpoint } : {}) }).url.href;
  assertEquals(at("s3://bucket/a/b.bin"), "https://bucket.s3.eu-1.amazonaws.com/a/b.bin");
  assertEquals(at("s3://my.bucket/a b"), "https://s3.eu-1.amazonaws.com/my.bucket/a%20b");
  assertEquals(at("s3://bucket/a", "http://minio:9000/"), "http://minio:9000/bucket/a");
  assertEquals(at("s3://bucket/a\\..\\b+", "http://minio"), "http://minio/bucket/a%5C..%5Cb%2B");
  const none = ["s3://bucket", "s3://bucket/", "s3://bucket/%zz", "s3://../a", "s3://a%2Fb/c"];
  for (const text of [...none, "s3://bucket/..%2F..%2Fb", "s3://b%23/a", "s3://me:secret@b/a"]) {
    const error = assertThrows(() => at(text), BadRequest, "does not name an object");
    assertEquals(JSON.stringify([error.message, error.details]).includes("secret"), false);
  }
});
