// Statistics of layers on disk: Zarr v3 arrays under OME-NGFF multiscales, a store a model.
export * from "./store/levels.ts";
export * from "./store/blocks.ts";
export * from "./store/model_store.ts";
export * from "./store/collect.ts";
export { CorruptChunk } from "../errors.ts";
