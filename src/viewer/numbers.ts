/** Numbers as the page writes them: a true minus sign, thin spaces, few digits. */

const MINUS = "−";
const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A value in `digits` significant digits: 0.0213, −1.5, 3.2×10⁻⁷. */
export function value(x: number, digits = 4): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : `${MINUS}∞`;
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e-4 && size < 1e6) return signed(String(Number(x.toPrecision(digits))));
  const [mantissa = "", exponent = ""] = x.toExponential(digits - 1).split("e");
  return signed(`${Number(mantissa)}×10${raise(Number(exponent))}`);
}

/** A whole number with thin spaces between thousands. */
export function whole(n: number): string {
  return signed(String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, "\u2009"));
}

/** A count in three digits: 1.51 M. */
export function count(n: number): string {
  return scaled(n, 1000, ["", "K", "M", "B", "T"]);
}

/** A size in bytes: 1.44 MiB. */
export function bytes(n: number): string {
  return n < 1024 ? `${n} B` : scaled(n, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

/** A tensor's shape: 512 × 784. */
export function shape(sides: readonly number[]): string {
  return sides.length === 0 ? "scalar" : sides.join(" × ");
}

function scaled(n: number, step: number, units: readonly string[]): string {
  let power = 0;
  while (n >= step && power < units.length - 1) {
    n /= step;
    power++;
  }
  const digits = n >= 100 || power === 0 ? 0 : n >= 10 ? 1 : 2;
  return `${Number(n.toFixed(digits))} ${units[power]}`.trimEnd();
}

const signed = (text: string) => text.replace("-", MINUS);
const raise = (n: number) =>
  (n < 0 ? "⁻" : "") + [...String(Math.abs(n))].map((d) => superscripts[Number(d)]).join("");
