import { AwsClient } from "aws4fetch";
import { BadRequest } from "../errors.ts";
import type { Place } from "./http.ts";

/** Where S3-compatible stores are and who asks, as the tools of AWS take it from the environment. */
export interface S3Settings {
  readonly region: string;
  /** Another store than AWS, its buckets in the path: "https://minio.example.org". */
  readonly endpoint?: string;
  /** Requests are signed with these; without, they are anonymous. */
  readonly keys?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** Settings from AWS_REGION, AWS_ENDPOINT_URL[_S3], AWS_ACCESS_KEY_ID and what belongs to it. */
export function s3Settings(env: (name: string) => string | undefined): S3Settings {
  const endpoint = env("AWS_ENDPOINT_URL_S3") ?? env("AWS_ENDPOINT_URL");
  const accessKeyId = env("AWS_ACCESS_KEY_ID"), secretAccessKey = env("AWS_SECRET_ACCESS_KEY");
  const sessionToken = env("AWS_SESSION_TOKEN");
  const keys = accessKeyId && secretAccessKey
    ? { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
    : undefined;
  return {
    region: env("AWS_REGION") ?? env("AWS_DEFAULT_REGION") ?? "us-east-1",
    ...(endpoint ? { endpoint } : {}),
    ...(keys ? { keys } : {}),
  };
}

/**
 * Where "s3://bucket/key" is, and how requests for it are signed (AWS Signature Version 4).
 * Throws `BadRequest` where the URL names no bucket or no key.
 */
export function s3Place(url: URL, { region, endpoint, keys }: S3Settings): Place {
  const bucket = url.hostname, key = url.pathname.slice(1);
  if (bucket === "" || key === "") {
    throw new BadRequest(`${url.href} does not name an object: s3://bucket/key`, {
      found: url.href,
      expected: "s3://bucket/key",
    });
  }
  const name = `s3://${bucket}/${decodeURIComponent(key)}`;
  // A bucket with a dot has no certificate of its own.
  const base = endpoint?.replace(/\/$/, "") ?? `https://s3.${region}.amazonaws.com`;
  const whole = endpoint || bucket.includes(".")
    ? `${base}/${bucket}/${key}`
    : `https://${bucket}.s3.${region}.amazonaws.com/${key}`;
  const place = { url: new URL(whole), name };
  if (!keys) return place;
  const client = new AwsClient({ ...keys, region, service: "s3" });
  return {
    ...place,
    authorize: async (url, headers) => {
      const signed = await client.sign(url.href, { headers: { ...headers } });
      return Object.fromEntries(signed.headers);
    },
  };
}
