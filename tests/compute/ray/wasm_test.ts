import { rayScene } from "../../../src/compute/wasm/raymarch.ts";
import { conformRays } from "./conformance.ts";

conformRays("wasm", rayScene, {
  composite: { steps: 2, value: 0.006, strays: 0 },
  maximum: { steps: 1.1, value: 1e-4, strays: 0 },
  iso: { steps: 1.1, value: 0.05, strays: 0.002 },
  cubes: { steps: 1.1, value: 1e-4, strays: 0.0005 },
  // Opacities are looked up at quarters of a value: of a jump, an eighth may be missed.
}, 0.005);
