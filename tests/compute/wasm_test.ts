import { wasm } from "../../src/compute/wasm.ts";
import { conform } from "./conformance.ts";

conform(wasm);
