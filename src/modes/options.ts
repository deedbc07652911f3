import { BadRequest } from "../errors.ts";
import type { Axes } from "../field/plane.ts";
import type { VolumeAxes } from "../field/volume.ts";
import type { Look, Option, Options, Parameter } from "./mode.ts";

/**
 * A mode's options from a query. Throws `BadRequest` naming the parameter, what was found and what
 * is allowed; names in `others` belong to the route and are passed over.
 */
export function parseOptions(
  mode: Pick<Look, "name" | "parameters">,
  query: URLSearchParams,
  others: readonly string[] = [],
): Options {
  const known = mode.parameters.map(({ name }) => name);
  for (const name of query.keys()) {
    if (!known.includes(name) && !others.includes(name)) {
      throw new BadRequest(
        `unknown parameter "${name}" of mode "${mode.name}": known are ${known.join(", ")}`,
        { parameter: name, allowed: known },
      );
    }
  }
  const options: Record<string, Option> = {};
  for (const parameter of mode.parameters) {
    const given = query.getAll(parameter.name);
    if (given.length > 1) {
      throw new BadRequest(
        `${parameter.name} is given ${given.length} times: ${given.join(", ")}`,
        {
          parameter: parameter.name,
          found: given,
          expected: "one value",
        },
      );
    }
    const text = query.get(parameter.name);
    options[parameter.name] = text === null ? parameter.default : parse(parameter, text);
  }
  for (const { name, default: usual, artistic } of mode.parameters) {
    if (!artistic || options[name] === usual || options["scientific"] === false) continue;
    throw new BadRequest(`${name}=${spell(options[name]!)} distorts: it needs scientific=0`, {
      parameter: name,
      found: options[name],
      expected: `scientific=0, or ${name}=${spell(usual)}`,
    });
  }
  return options;
}

/** The query string of the options that differ from their defaults, sorted by name: one spelling a picture. */
export function canonicalQuery(mode: Pick<Look, "parameters">, options: Options): string {
  const query = new URLSearchParams();
  for (const { name, default: normal } of mode.parameters.toSorted(byName)) {
    const text = spell(options[name] ?? null);
    if (text !== spell(normal)) query.set(name, text);
  }
  return query.toString();
}

/** The option `axes` ("rows|columns") as axis numbers; undefined where it is not given. */
export function parseAxes(option: Option | undefined): Axes | undefined {
  if (typeof option !== "string") return undefined;
  const [rows = "", columns = ""] = option.split("|");
  const list = (text: string) => text === "" ? [] : text.split(",").map(Number);
  return { rows: list(rows), columns: list(columns) };
}

/** The option `axes` ("x|y|z") as axis numbers; undefined where it is not given. */
export function parseVolumeAxes(option: Option | undefined): VolumeAxes | undefined {
  if (typeof option !== "string") return undefined;
  const [x, y, z] = option.split("|").map((text) => text === "" ? [] : text.split(",").map(Number));
  return { x: x!, y: y!, z: z! };
}

const byName = (a: Parameter, b: Parameter) => a.name < b.name ? -1 : 1;

function spell(option: Option): string {
  if (option === null) return "";
  if (typeof option === "boolean") return option ? "1" : "0";
  return String(option);
}

function parse(parameter: Parameter, text: string): Option {
  const refuse = (expected: string): never => {
    const { name, minimum, maximum, choices } = parameter;
    throw new BadRequest(`${name}=${text} is not ${expected}`, {
      parameter: name,
      found: text,
      expected,
      ...(minimum === undefined ? {} : { minimum }),
      ...(maximum === undefined ? {} : { maximum }),
      ...(choices ? { choices } : {}),
    });
  };
  const { type, minimum = -Infinity, maximum = Infinity, choices = [] } = parameter;
  if (text === "" && parameter.default === null) return null;
  switch (type) {
    case "boolean":
      if (text === "1" || text === "true") return true;
      if (text === "0" || text === "false") return false;
      return refuse("1 or 0");
    case "choice":
      return choices.includes(text) ? text : refuse(`one of ${choices.join(", ")}`);
    case "range": {
      const [low, high, ...rest] = text.split(",").map(finite);
      if (low === undefined || high === undefined || rest.length > 0 || !(low < high)) {
        return refuse('two numbers "min,max" with min < max');
      }
      return [low, high];
    }
    case "axes":
      return /^\d+(,\d+)*\|(\d+(,\d+)*)?$|^\|\d+(,\d+)*$/.test(text)
        ? text
        : refuse('axis numbers "rows|columns", such as "0,2|1,3"');
    case "axes3":
      return /^(\d+(,\d+)*)?(\|(\d+(,\d+)*)?){2}$/.test(text)
        ? text
        : refuse('axis numbers "x|y|z", such as "3|1,2|0"');
    case "points":
    case "layers":
      return text;
    case "model":
      return text === "" ? refuse("the id of a model") : text;
    case "integer":
    case "number": {
      const value = finite(text);
      const whole = type === "integer";
      const good = value >= minimum && value <= maximum && (!whole || Number.isInteger(value));
      const bounds = Number.isFinite(minimum) || Number.isFinite(maximum)
        ? ` from ${minimum} ${maximum < Infinity ? `to ${maximum}` : "up"}`
        : "";
      return good ? value : refuse(`${whole ? "a whole number" : "a number"}${bounds}`);
    }
  }
}

const finite = (text: string) => {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : NaN;
};
