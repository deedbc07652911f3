import { Hono } from "hono";
import { BadRequest, TooLarge } from "../src/errors.ts";
import { isObject } from "../src/formats/json.ts";
import type { Asked } from "../src/run/forward.ts";
import type { Scaling } from "../src/run/image.ts";
import type { Given } from "../src/run/inputs.ts";
import { readAll } from "../src/run/pipe.ts";
import { describeRun } from "../src/tile/describe_run.ts";
import { cors, only, type Service } from "./answer.ts";

/** Bytes of an input. */
const MOST = 64 << 20;
/** For all outputs: what is asked for unless others are named. */
const ALL = "all";

/** `POST /models/{model}/forward`: runs an ONNX file; whoever gets here may write. */
export function forwardRoutes({ engine, base }: Service): Hono {
  return new Hono().post("/models/:model/forward", async (c) => {
    const request = c.req.raw;
    const query = only(request, "input", "outputs", "scale", "shift");
    const asked = await askedIn(request, query);
    const body = describeRun(
      await engine.forward(c.req.param("model"), asked, request.signal),
      base,
    );
    return new Response(JSON.stringify(body), {
      status: 201,
      headers: [...cors, ["Content-Type", "application/json"], ["Location", body.url]],
    });
  });
}

async function askedIn(request: Request, query: URLSearchParams): Promise<Asked> {
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]!.trim().toLowerCase();
  const bytes = await bodyOf(request);
  const named = query.get("outputs")?.split(",").filter((name) => name !== "");
  const scaling = { scale: number(query, "scale", 1), shift: number(query, "shift", 0) };
  if (type === "application/json") return inJson(bytes, named);
  if (type === "multipart/form-data") {
    return { inputs: await inForm(request.headers, bytes, scaling), ...outputsOf(named) };
  }
  const given: Given | null = type === "application/octet-stream"
    ? { kind: "npy", bytes }
    : type.startsWith("image/")
    ? { kind: "image", bytes, scaling }
    : null;
  if (!given) {
    throw new BadRequest(
      `a body of the type "${type}" is no input: expected application/json, ` +
        "application/octet-stream for .npy, image/png and the like, or multipart/form-data",
      { parameter: "Content-Type", found: type },
    );
  }
  return { inputs: new Map([[query.get("input") ?? "", given]]), ...outputsOf(named) };
}

/** A form with a file an input, called so: a picture, an array in .npy, or JSON of the one input. */
async function inForm(
  headers: Headers,
  bytes: Uint8Array<ArrayBuffer>,
  scaling: Scaling,
): Promise<Map<string, Given>> {
  const type = headers.get("Content-Type")!;
  const form = await new Response(bytes, { headers: { "Content-Type": type } }).formData()
    .catch((cause) => {
      throw new BadRequest("the body is no form", { found: type }, cause);
    });
  const inputs = new Map<string, Given>();
  for (const [name, file] of form) {
    if (typeof file === "string" || inputs.has(name)) {
      const found = typeof file === "string" ? "a text" : "given twice";
      throw new BadRequest(`input "${name}" of the form is ${found}, expected one file`, {
        ...{ parameter: "inputs", found: name },
      });
    }
    inputs.set(name, await inFile(name, file, scaling));
  }
  return inputs;
}

async function inFile(name: string, file: File, scaling: Scaling): Promise<Given> {
  const bytes = await file.bytes();
  if (file.type.startsWith("image/")) return { kind: "image", bytes, scaling };
  if (file.type !== "application/json" && !file.name.endsWith(".json")) {
    return { kind: "npy", bytes };
  }
  try {
    return { kind: "json", value: JSON.parse(new TextDecoder().decode(bytes)) };
  } catch (cause) {
    throw new BadRequest(`input "${name}" is not JSON: "${file.name}"`, { found: name }, cause);
  }
}

/** `{"inputs": {name: nested lists or {shape, values}}, "outputs": [names] or "all"}`. */
function inJson(bytes: Uint8Array, named: readonly string[] | undefined): Asked {
  const expected = '{"inputs": {"name": [[1, 2]]}, "outputs": ["name"]}';
  const wrong = (found: string, cause?: unknown) =>
    new BadRequest(`the body is ${found}, expected ${expected}`, { found }, cause);
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw wrong("not JSON", cause);
  }
  if (!isObject(body)) throw wrong("no object");
  const { inputs, outputs = named } = body;
  if (!isObject(inputs)) throw wrong("without inputs");
  const names = outputs === ALL ? undefined : outputs;
  if (names !== undefined && !(Array.isArray(names) && names.every((n) => typeof n === "string"))) {
    throw wrong("with outputs that are no list of names");
  }
  const given = Object.entries(inputs).map(([name, value]): [string, Given] => [
    name,
    { kind: "json", value },
  ]);
  return { inputs: new Map(given), ...outputsOf(names) };
}

const outputsOf = (names: readonly string[] | undefined): Pick<Asked, "outputs"> =>
  names === undefined || (names.length === 1 && names[0] === ALL) ? {} : { outputs: names };

function number(query: URLSearchParams, name: string, usual: number): number {
  const text = query.get(name);
  if (text === null) return usual;
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new BadRequest(`${name}=${text} is no number`, { parameter: name, found: text });
}

async function bodyOf(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const check = (found: number) => {
    if (found <= MOST) return;
    const sentence = `the input has more than the ${MOST} bytes that are taken`;
    throw new TooLarge(sentence, { found, limit: MOST });
  };
  check(Number(request.headers.get("Content-Length") ?? 0));
  return await readAll(request.body ?? new Blob().stream(), check);
}
