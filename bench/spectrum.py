"""All singular values of a float32 matrix, or eigenvalues of its Gram matrix, as numpy finds them.

    spectrum.py FILE ROWS COLUMNS: a line of JSON for each method, of the best of three."""
import json
import sys
import time

import numpy as np

file, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
a = np.fromfile(file, np.float32).reshape(rows, columns)
wide = a.astype(np.float64)
gram = wide @ wide.T if rows <= columns else wide.T @ wide

methods = {
    "numpy svd, values, float32": lambda: np.linalg.svd(a, compute_uv=False),
    "numpy svd, values, float64": lambda: np.linalg.svd(wide, compute_uv=False),
    "numpy eigvalsh of the Gram matrix": lambda: np.sqrt(np.maximum(0, np.linalg.eigvalsh(gram)[::-1])),
    "numpy eigh of the Gram matrix": lambda: np.sqrt(np.maximum(0, np.linalg.eigh(gram)[0][::-1])),
}
for name, method in methods.items():
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        values = method()
        seconds.append(time.perf_counter() - began)
    values = np.asarray(values, np.float64)
    print(json.dumps({"what": name, "seconds": min(seconds), "values": values.tolist()}), flush=True)
