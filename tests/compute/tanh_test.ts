import { assert, assertEquals } from "@std/assert";
import { tanh } from "../../src/compute/reference/tanh.ts";
import { random } from "./samples.ts";

Deno.test("tanh() is within 2.1e-7, and 2.7e-7 of its size, of Math.tanh, and never beyond ±1", () => {
  const next = random(1);
  let worst = 0, worstOfSize = 0;
  const check = (value: number) => {
    const x = Math.fround(value);
    const got = tanh(x), want = Math.tanh(x);
    assert(Math.abs(got) <= 1, `tanh ${x} = ${got}`);
    assertEquals(tanh(-x), -got);
    worst = Math.max(worst, Math.abs(got - want));
    worstOfSize = Math.max(worstOfSize, Math.abs(got - want) / Math.abs(want));
  };
  for (let i = 0; i < 400_000; i++) check(1e-4 + next() * 9);
  for (let i = 0; i < 100_000; i++) check(Math.exp(next() * -60));
  assert(worst <= 2.1e-7, `${worst}`);
  assert(worstOfSize <= 2.7e-7, `${worstOfSize} of its size`);
});

Deno.test("tanh() of ±∞, NaN, zeros, numbers far out and next to nothing", () => {
  assertEquals([Infinity, -Infinity, 8.5, -3e38].map(tanh), [1, -1, 1, -1]);
  assertEquals([NaN, 0, -0].map(tanh), [NaN, 0, -0]);
  assert(Math.abs(tanh(2 ** -120) / 2 ** -120 - 1) <= 2.7e-7);
  assertEquals(tanh(2 ** -149), 2 ** -149);
});
