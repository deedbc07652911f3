"""What gemm_bench.ts compares with in numpy: gemm.c's products, with the library's own threads."""
import json
import sys
import time

import numpy as np

name, n, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def numbers(count, seed):
    bits = (np.arange(count, dtype=np.uint32) + np.uint32(seed)) * np.uint32(2654435761)
    bits = (bits ^ bits >> np.uint32(15)) * np.uint32(2246822519)
    return (bits >> np.uint32(8)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)


a, b = numbers(n * n, 1).reshape(n, n), numbers(n * n, 2).reshape(n, n)
x = b[0]
# float32 where numpy has no product of float32 in float64 without a copy.
work = {
    "gemm": lambda: np.matmul(a, b)[-1, -2],
    "gram": lambda: (lambda d: d.T @ d)(a.astype(np.float64))[-1, -2],
    "normal": lambda: ((a @ x) @ a)[-2],
}[name]
seconds = []
for _ in range(times):
    began = time.perf_counter()
    check = work()
    seconds.append(time.perf_counter() - began)
print(json.dumps({"seconds": seconds, "check": float(check)}))
