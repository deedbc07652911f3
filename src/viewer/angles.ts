/** An angle as it is between −180 and 180, to a tenth of a degree. */
export function turned(angle: number): number {
  const within = ((angle + 180) % 360 + 360) % 360 - 180;
  return Number((within === -180 && angle > 0 ? 180 : within).toFixed(1));
}
