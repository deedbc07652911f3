/** A number in up to four significant digits, with a true minus sign: −0.02, 3×10⁻⁷. */
export function numeral(value: number, digits = 4): string {
  const size = Math.abs(value);
  const plain = size === 0 || size >= 1e-3 && size < 1e5;
  const [mantissa = "", exponent] = plain
    ? [String(Number(value.toPrecision(digits)))]
    : value.toExponential(digits - 1).split("e").map((part) => String(Number(part)));
  const power = exponent ? `×10${[...exponent].map((c) => RAISED[c] ?? c).join("")}` : "";
  return (mantissa + power).replace("-", "−");
}

const RAISED: Readonly<Record<string, string>> = Object.fromEntries(
  [..."-0123456789"].map((c, i) => [c, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][i]!]),
);
