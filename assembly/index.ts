// Every kernel that the host can call. Arguments are byte addresses in linear memory, which the
// host lays out above `heapBase`; kernels allocate nothing.
export * from "./memory";
