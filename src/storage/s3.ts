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
  const bucket = url.hostname, key = keyOf(url);
  if (!/^\w[\w.-]*$/.test(bucket) || key === undefined || url.username || url.password) {
    const found = `s3://${bucket}${url.pathname}`;
    throw new BadRequest(`${found} does not name an object: s3://bucket/key`, {
      found,
      expected: "s3://bucket/key",
    });
  }
  const name = `s3://${bucket}/${key}`;
  const path = key.split("/").map(encodeURIComponent).join("/");
  // A bucket with a dot has no certificate of its own.
  const base = endpoint?.replace(/\/$/, "") ?? `https://s3.${region}.amazonaws.com`;
  const whole = endpoint || bucket.includes(".")
    ? `${base}/${bucket}/${path}`
    : `https://${bucket}.s3.${region}.amazonaws.com/${path}`;
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

/** The key, not encoded; undefined for none, or one with steps that HTTP's paths cannot hold. */
function keyOf({ pathname }: URL): string | undefined {
  try {
    const key = decodeURIComponent(pathname.slice(1));
    const steps = key.split("/");
    return key === "" || steps.includes(".") || steps.includes("..") ? undefined : key;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
