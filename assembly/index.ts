// Every kernel that the host can call. Arguments are byte addresses in linear memory, which the
// host lays out above `heapBase`; kernels allocate nothing.
export * from "./block_means";
export * from "./block_stats";
export { compare } from "./compare";
export * from "./count_groups";
export * from "./count_keys";
export * from "./crc32c";
export * from "./decode";
export * from "./deflate";
export { dense } from "./dense";
export * from "./filter_rows";
export * from "./gather";
export { gemm, gemmRoom } from "./gemm";
export { columnProducts, rowProducts } from "./gemv";
export { gram, gramRoom } from "./gram";
export * from "./largest";
export { levels } from "./levels";
export * from "./memory";
export * from "./merge";
export { octree } from "./octree";
export * from "./pack";
export { brickFirst, brickSize, rayBricks, rayOccupancy } from "./ray_bricks";
export { raymarch } from "./raymarch";
export * from "./shade";
export { stepCells } from "./step_cells";
export { stepVoxels } from "./step_voxels";
export { sumSquares } from "./sum_squares";
export * from "./swap";
