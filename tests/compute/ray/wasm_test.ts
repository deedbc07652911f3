import { rayScene } from "../../../src/compute/wasm/raymarch.ts";
import { conformRays } from "./conformance.ts";

conformRays("wasm", rayScene, {
  composite: { steps: 3, value: 0.01, strays: 0 },
  maximum: { steps: 1.1, value: 1e-4, strays: 0 },
  iso: { steps: 1.1, value: 0.05, strays: 0.002 },
  cubes: { steps: 1.1, value: 1e-4, strays: 0.0005 },
});
