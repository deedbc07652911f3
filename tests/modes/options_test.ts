import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BadRequest } from "../../src/errors.ts";
import type { Mode } from "../../src/modes/mode.ts";
import { canonicalQuery, parseAxes, parseOptions } from "../../src/modes/options.ts";
import { modes } from "../../src/modes/table.ts";
import { weights } from "../../src/modes/weights.ts";

const parse = (query: string) => parseOptions(weights, new URLSearchParams(query));

Deno.test("options not given have their declared defaults, and those spell an empty query", () => {
  for (const mode of modes) {
    const options = parseOptions(mode, new URLSearchParams());
    for (const { name, default: normal } of mode.parameters) assertEquals(options[name], normal);
    assertEquals(canonicalQuery(mode, options), "");
  }
});

Deno.test("every option's spelling reads back as itself, in one order", () => {
  const query = fc.record({
    alpha: fc.double({ min: 0.01, max: 100, noNaN: true }).map(String),
    clip: fc.double({ min: 0, max: 0.49, noNaN: true }).map(String),
    normalize: fc.constantFrom("tanh", "minmax", "zscore", "robust", "log", "none"),
    range: fc.tuple(fc.integer(), fc.integer()).filter(([a, b]) => a < b).map(String),
    scientific: fc.constantFrom("0", "1", "true", "false"),
    axes: fc.constantFrom("0,2|1,3", "1|0", "|0", "0|"),
  }, { requiredKeys: [] });
  fc.assert(fc.property(query, fc.boolean(), (record, backwards) => {
    const entries = Object.entries(record) as [string, string][];
    const params = new URLSearchParams(backwards ? entries.reverse() : entries);
    const options = parseOptions(weights, params);
    const spelled = canonicalQuery(weights, options);
    assertEquals(parseOptions(weights, new URLSearchParams(spelled)), options);
    const names = [...new URLSearchParams(spelled).keys()];
    assertEquals(names, names.toSorted());
  }));
});

Deno.test("a bad value is refused with its parameter, what was found and what is allowed", () => {
  const cases: [string, string, string][] = [
    ["alpha=0", "alpha", "from 0.01 to 100"],
    ["alpha=", "alpha", "a number"],
    ["alpha=Infinity", "alpha", "a number"],
    ["normalize=linear", "normalize", "tanh"],
    ["scientific=maybe", "scientific", "1 or 0"],
    ["range=1", "range", "min,max"],
    ["range=1,1", "range", "min < max"],
    ["range=1,2,3", "range", "min,max"],
    ["axes=a|b", "axes", "axis numbers"],
    ["colormap=VIRIDIS", "colormap", "viridis"],
    ["zoom=3", "zoom", "unknown parameter"],
    ["alpha=1&alpha=2", "alpha", "2 times"],
  ];
  for (const [query, parameter, words] of cases) {
    const error = assertThrows(() => parse(query), BadRequest);
    assertEquals(error.details.parameter, parameter);
    assert(error.message.includes(words), `${query}: ${error.message}`);
  }
});

Deno.test("a route's own parameters are passed over", () => {
  assertEquals(parseOptions(weights, new URLSearchParams("v=1&alpha=2"), ["v"]).alpha, 2);
});

Deno.test("axes read as numbers", () => {
  assertEquals(parseAxes("0,2|1,3"), { rows: [0, 2], columns: [1, 3] });
  assertEquals(parseAxes("|0"), { rows: [], columns: [0] });
  assertEquals(parseAxes(null), undefined);
});

Deno.test("modes declare themselves completely", () => {
  const wellFormed = ({ name, title, about, parameters }: Mode) => {
    assert(/^[a-z]+$/.test(name) && title && about.endsWith("."));
    for (const parameter of parameters) {
      assert(parameter.about.endsWith("."), `${name}.${parameter.name}`);
      if (parameter.type === "choice") {
        assert(parameter.choices!.includes(String(parameter.default)));
      }
    }
  };
  modes.forEach(wellFormed);
  assertEquals(new Set(modes.map(({ name }) => name)).size, modes.length);
});
