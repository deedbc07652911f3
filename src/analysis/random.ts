/** Uniform numbers in −1..1, always the same ones (G. Marsaglia, "Xorshift RNGs", 2003). */
export function uniform(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}
