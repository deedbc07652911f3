"""The 16 largest singular values, or the largest, of a float32 matrix, as others find them.

    svd.py FILE ROWS COLUMNS: first a line with the names of its methods, as JSON; then, for each line of its
    input, which names one, a line of JSON with the seconds it took and its values."""
import json
import sys
import time

import numpy as np
from scipy.sparse.linalg import svds

file, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
a = np.fromfile(file, np.float32).reshape(rows, columns)


def power(tolerance=1e-4):
    v = np.random.Generator(np.random.PCG64(1)).standard_normal(columns).astype(np.float32)
    v /= np.linalg.norm(v)
    before = 0.0
    while True:
        u = a @ v
        s = float(np.linalg.norm(u))
        v = u @ a
        v /= np.linalg.norm(v)
        if abs(s - before) < tolerance * s:
            return [s]
        before = s


methods = {"scipy svds": lambda: svds(a, k=16, random_state=1)[1], "numpy power iteration": power}
try:
    from sklearn.utils.extmath import randomized_svd

    methods["sklearn randomized_svd"] = lambda: randomized_svd(a, 16, n_iter=7, random_state=1)[1]
except ImportError:
    pass
print(json.dumps(list(methods)), flush=True)
for line in sys.stdin:
    method = methods[line.strip()]
    began = time.perf_counter()
    values = method()
    seconds = time.perf_counter() - began
    values = np.sort(np.asarray(values, np.float64))[::-1]
    print(json.dumps({"seconds": seconds, "values": values.tolist()}), flush=True)
