// Every kernel that the host can call. Arguments are byte addresses in linear memory, which the
// host lays out above `heapBase`; kernels allocate nothing.
export * from "./deflate";
export * from "./filter_rows";
export * from "./largest";
export * from "./memory";
export * from "./block_stats";
