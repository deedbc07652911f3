"""What automaton_bench.ts compares with in numpy: automaton.c's rule and arguments, sums by shifted copies."""
import json
import sys
import time

import numpy as np

dimensions, n, steps = (int(argument) for argument in sys.argv[1:4])


def numbers(count, seed):
    bits = (np.arange(count, dtype=np.uint32) + np.uint32(seed)) * np.uint32(2654435761)
    bits = (bits ^ bits >> np.uint32(15)) * np.uint32(2246822519)
    return (bits >> np.uint32(8)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)


def step(x, gain, axes, neighbours):
    box = x
    for axis in axes:
        box = np.roll(box, 1, axis) + box + np.roll(box, -1, axis)
    box -= x
    box *= np.float32(1 / neighbours)
    box -= x
    box *= np.float32(0.5)
    box += x
    box *= gain
    return np.tanh(box, out=box)


shape = (n,) * dimensions
x = numbers(5 * n * n, 1).reshape(5, n, n) if dimensions == 2 else numbers(n**3, 1).reshape(shape)
gain = 1 + np.float32(0.8) * numbers(n**dimensions, 3).reshape(shape)
seconds, total = [], None
for _ in range(steps):
    began = time.perf_counter()
    if dimensions == 2:
        x = np.stack([step(field, gain, (0, 1), 8) for field in x])
    else:
        x = step(x, gain, (0, 1, 2), 26)
    seconds.append(time.perf_counter() - began)
    if total is None:
        total = float((x[0] if dimensions == 2 else x).sum(dtype=np.float64))
print(json.dumps({"seconds": seconds, "sum": total}))
