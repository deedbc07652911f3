import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatState, panels, parseState, type State } from "../../src/viewer/state.ts";

const reserved = /^(model|layer|mode|pin|channel|panels|bare|theme)$/;
const name = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
const cell = fc.record({ x: fc.nat(), y: fc.nat() });
const hundredths = (most: number) => fc.integer({ min: -most, max: most }).map((n) => n / 100);

const states: fc.Arbitrary<State> = fc.record({
  model: fc.option(name),
  layer: fc.option(name),
  mode: fc.option(name),
  options: fc.dictionary(name.filter((text) => !reserved.test(text)), fc.string()),
  place: fc.option(
    fc.record({ x: hundredths(1e9), y: hundredths(1e9), z: hundredths(3000) }),
  ),
  pin: fc.option(cell),
  channel: fc.constantFrom("R", "G", "B", "A", null),
  panels: fc.option(fc.subarray([...panels])),
  bare: fc.boolean(),
  labels: fc.boolean(),
  theme: fc.constantFrom("dark", "light", null),
}).map((state) => ({ ...state, options: { ...state.options } }));

const parse = (address: string) => parseState(new URL(address, "http://page.test/"));

Deno.test("what a person sets comes back from the address", () => {
  fc.assert(fc.property(states, (state) => {
    assertEquals(parse(formatState(state)), state);
  }));
});

Deno.test("names keep their dots, slashes and commas readable", () => {
  const state: State = {
    ...parse(""),
    model: "a",
    layer: "weight/blocks.0",
    options: { range: "-1,2" },
  };
  assertEquals(formatState(state), "?model=a&layer=weight/blocks.0&range=-1,2");
});

for (const wrong of ["#1,2", "#1,2,x", "#,,", "?pin=1", "?theme=blue", "?channel=X", "?bare=yes"]) {
  Deno.test(`${wrong} counts as not given`, () => {
    assertEquals(parse(wrong), parse(""));
  });
}
