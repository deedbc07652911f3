import { createApp } from "../../routes/app.ts";
import { Tokens } from "../../routes/tokens.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { RunOptions } from "../../src/tile/runs.ts";
import { networks } from "../run/networks.ts";

const token = "0123456789abcdef0123";

// deno-lint-ignore no-explicit-any -- what JSON of a route holds is what is tested
export type Body = any;
type Ask = (
  method: string,
  path: string,
  init?: RequestInit & { token?: string | null },
) => Promise<
  { status: number; headers: Headers; body: Body; bytes: Uint8Array<ArrayBuffer> }
>;

/** Runs a test against a server of these models. */
export async function serving(
  paths: readonly string[],
  test: (ask: Ask) => Promise<void>,
  runs: Partial<RunOptions> = {},
): Promise<void> {
  const engine = await createEngine(paths, { workers: 1, runs });
  const app = createApp(engine, { tokens: new Tokens(token) });
  try {
    await test(async (method, path, { token: bearer = token, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (bearer) headers.set("Authorization", `Bearer ${bearer}`);
      const response = await app(
        new Request(`http://localhost${path}`, { ...init, method, headers }),
      );
      const bytes = await response.bytes();
      const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
      const body = isJson ? JSON.parse(new TextDecoder().decode(bytes)) : null;
      return { status: response.status, headers: response.headers, body, bytes };
    });
  } finally {
    await engine.close();
  }
}

/** A small network's path. */
export const network = (name: string) => `${networks}${name}.onnx`;
/** A request's JSON. */
export const json = (body: unknown): RequestInit => ({
  body: JSON.stringify(body),
  headers: { "Content-Type": "application/json" },
});
/** A request's array. */
export const npy = async (name: string): Promise<RequestInit> => ({
  body: await Deno.readFile(networks + name),
  headers: { "Content-Type": "application/octet-stream" },
});

/** Values of a tile in .npy, row by row, cut to the plane. */
export function valuesOf(file: Uint8Array<ArrayBuffer>, width: number, height: number): number[] {
  const side = 256, start = file.length - 4 * side * side;
  const all = new Float32Array(file.slice(start).buffer);
  return Array.from({ length: height }, (_, y) => [...all.subarray(y * side, y * side + width)])
    .flat();
}
