import { malformed, show } from "./malformed.ts";

/** What a header may hold; a tuple is an array, a dict a map. */
export type Literal = string | number | boolean | null | Literal[] | Map<string, Literal>;

const token =
  /\s*(?:('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(-?\d+)L?|(True|False|None)|([{}()[\],:]))/y;
const constants: Readonly<Record<string, Literal>> = { True: true, False: false, None: null };
/** More than any type description nests. */
const MAX_DEPTH = 16;

/**
 * Reads the closed part of Python's literals that NumPy writes: strings, integers, True, False,
 * None, tuples, lists and dicts with string keys. Nothing is evaluated.
 * Throws `FormatError` for anything else, and for a key given twice.
 */
export function parseLiteral(file: string, text: string): Literal {
  const tokens = tokenize(file, text);
  let at = 0;

  const value = (depth: number): Literal => {
    const next = tokens[at++];
    if (next === undefined || depth > MAX_DEPTH) {
      throw malformed(file, "header", show(text), "a literal");
    }
    if (next === "(") return items(")", depth);
    if (next === "[") return items("]", depth);
    if (next === "{") return dict(depth);
    if (/^['"]/.test(next)) return next.slice(1, -1).replace(/\\(.)/g, "$1");
    if (/^-?\d/.test(next)) return Number(next);
    if (Object.hasOwn(constants, next)) return constants[next]!;
    throw malformed(file, "header", show(text), `a value, not ${next}`);
  };

  const separated = (close: string, item: () => void) => {
    while (tokens[at] !== close) {
      item();
      if (tokens[at] === ",") at++;
      else if (tokens[at] !== close) {
        throw malformed(file, "header", show(text), `"," or "${close}"`);
      }
    }
    at++;
  };

  const items = (close: string, depth: number) => {
    const list: Literal[] = [];
    separated(close, () => list.push(value(depth + 1)));
    return list;
  };

  const dict = (depth: number) => {
    const map = new Map<string, Literal>();
    separated("}", () => {
      const key = value(depth + 1);
      if (typeof key !== "string" || map.has(key) || tokens[at++] !== ":") {
        throw malformed(file, "header", show(text), "distinct string keys with values");
      }
      map.set(key, value(depth + 1));
    });
    return map;
  };

  const literal = value(0);
  if (at < tokens.length) throw malformed(file, "header", show(text), "one literal");
  return literal;
}

function tokenize(file: string, text: string): string[] {
  const source = text.trimEnd();
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const from = token.lastIndex;
    const [, string, integer, constant, mark] = token.exec(source) ?? [];
    const found = string ?? integer ?? constant ?? mark;
    if (found === undefined) {
      throw malformed(file, `header at ${from}`, show(source.slice(from)), "a Python literal");
    }
    tokens.push(found);
  }
  return tokens;
}
