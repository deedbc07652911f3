import { plainWasm, wasm } from "../../src/compute/wasm.ts";
import { conform } from "./conformance.ts";
import { conformGemm } from "./conformance/gemm.ts";

conform(wasm, true);
conformGemm(plainWasm, true);
