import { reference } from "../../src/compute/reference.ts";
import { conform } from "./conformance.ts";

conform(reference);
