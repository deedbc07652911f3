// What is drawn, from where, and where it lies in memory, as the host writes it: `Rays` and `RayView`
// of src/compute/ray, whose comments explain them. Addresses come last.
@unmanaged
export class View {
  originX: f64;
  originY: f64;
  originZ: f64;
  forwardX: f64;
  forwardY: f64;
  forwardZ: f64;
  acrossX: f64;
  acrossY: f64;
  acrossZ: f64;
  downX: f64;
  downY: f64;
  downZ: f64;
  spacingX: f64;
  spacingY: f64;
  spacingZ: f64;
  lowX: f64;
  lowY: f64;
  lowZ: f64;
  highX: f64;
  highY: f64;
  highZ: f64;
  step: f64;
  /** 0…255. */
  level: f64;
  /** Pixels a side of the whole image. */
  side: f64;
  x: i32;
  y: i32;
  width: i32;
  height: i32;
  perspective: i32;
  /** 0 composite, 1 maximum, 2 iso, 3 cubes. */
  mode: i32;
  shading: i32;
  channels: i32;
  sizeX: i32;
  sizeY: i32;
  sizeZ: i32;
  bisections: i32;
  /** A brick's address for each block, 0 of blocks that need none. */
  bricks: u32;
  min: u32;
  max: u32;
  present: u32;
  /** How many entries of the transfer function below each value have opacity: 257 numbers. */
  opaque: u32;
  /** 256 × (r, g, b, opacity). */
  transfer: u32;
  /** The same of a step, colours times opacity, in quarters of entries: 1024; and 1 − opacity of each. */
  quarters: u32;
  through: u32;
  /** A byte a block, for the kernel's own use. */
  flags: u32;
  rgba: u32;
  values: u32;
}
