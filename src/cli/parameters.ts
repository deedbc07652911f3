import { type Flag, type Given, UsageError } from "./verb.ts";

/** How verbs that draw are told the parameters of a mode. */
export const parameterFlag = {
  param: {
    type: "string",
    multiple: true,
    value: "K=V",
    about: "a parameter of the mode; repeatable",
  },
} as const satisfies Record<string, Flag>;

/** Those given, as a query. Throws `UsageError` for what is no K=V. */
export function parametersOf(given: Given): URLSearchParams {
  return new URLSearchParams(
    given.texts("param").map((pair): [string, string] => {
      const at = pair.indexOf("=");
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new UsageError(`--param ${pair} is not K=V, such as colormap=viridis`);
    }),
  );
}
