// What automaton_bench.ts compares steps of automata with: the same rule, alpha 0.5, beta 0.8, no
// gradient, wrapped, one thread, one step after the other over all cells.
//   automaton 2 SIDE STEPS     five fields of SIDE^2 cells, eight neighbours
//   automaton 3 SIDE STEPS     one field of SIDE^3 voxels, 26 neighbours
// Prints a line of JSON: seconds of each step, and the sum of the first field after the first one.
// Compiled by gcc -O3 -ffast-math, for SSE 4.1 or for the machine.
#define _POSIX_C_SOURCE 200112L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static float *numbers(size_t count, uint32_t seed) {
  void *values;
  if (posix_memalign(&values, 64, count * sizeof(float))) exit(1);
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = ((uint32_t) i + seed) * 2654435761u;
    bits = (bits ^ bits >> 15) * 2246822519u;
    ((float *) values)[i] = (float) (bits >> 8) / (1 << 23) - 1;
  }
  return values;
}

// tanh of half the argument as n/d, then 2nd/(n^2 + d^2): error 2e-7.
static inline float bend(float x) {
  float t = x < -8.4f ? -8.4f : x > 8.4f ? 8.4f : x;
  float z = t * t;
  float n = t * ((0.00010206224f * z + 0.026477912f) * z + 0.88846546f);
  float d = ((2.2078177e-6f * z + 0.0021492050f) * z + 0.20103335f) * z + 1.7769309f;
  return 2 * n * d / (n * n + d * d);
}

// One row of cells, from the sums of columns around each: `sums` begins one before the first.
static void row(float *restrict out, const float *restrict x, const float *restrict w,
                const float *restrict sums, int width, float share) {
  for (int i = 0; i < width; i++) {
    float delta = (sums[i] + sums[i + 1] + sums[i + 2] - x[i]) * share - x[i];
    out[i] = bend((x[i] + 0.5f * delta) * (1 + 0.8f * w[i]));
  }
}

static void wrap(float *sums, int n) {
  sums[0] = sums[n];
  sums[n + 1] = sums[1];
}

static void step2(float *out, const float *x, const float *w, int n, float *sums) {
  size_t plane = (size_t) n * n;
  for (int y = 0; y < n; y++) {
    for (int field = 0; field < 5; field++) {
      const float *f = x + field * plane, *here = f + (size_t) y * n;
      const float *above = f + (size_t) ((y + n - 1) % n) * n, *below = f + (size_t) ((y + 1) % n) * n;
      for (int i = 0; i < n; i++) sums[i + 1] = above[i] + here[i] + below[i];
      wrap(sums, n);
      row(out + field * plane + (size_t) y * n, here, w + (size_t) y * n, sums, n, 1 / 8.f);
    }
  }
}

// Sums along z of each row are kept for the three rows that need them.
static void step3(float *out, const float *x, const float *w, int n, float *sums) {
  size_t plane = (size_t) n * n;
  for (int z = 0; z < n; z++) {
    const float *a = x + (z + n - 1) % n * plane, *b = x + z * plane, *c = x + (z + 1) % n * plane;
    float *kept = sums + n + 2;
    for (int y = -1; y <= n; y++) {
      size_t from = (size_t) ((y + n) % n) * n;
      float *to = kept + (y + 1) % 3 * n;
      for (int i = 0; i < n; i++) to[i] = a[from + i] + b[from + i] + c[from + i];
      if (y < 1) continue;
      for (int i = 0; i < n; i++) sums[i + 1] = kept[i] + kept[n + i] + kept[2 * n + i];
      wrap(sums, n);
      size_t at = z * plane + (size_t) (y - 1) * n;
      row(out + at, x + at, w + at, sums, n, 1 / 26.f);
    }
  }
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  int dimensions = atoi(arguments[1]), n = atoi(arguments[2]), steps = atoi(arguments[3]);
  size_t cells = (size_t) n * n * (dimensions == 3 ? n : 1), all = cells * (dimensions == 2 ? 5 : 1);
  float *x = numbers(all, 1), *next = numbers(all, 2), *w = numbers(cells, 3);
  float *sums = numbers(4 * (size_t) n + 2, 0);
  double first = 0;
  printf("{\"seconds\":[");
  for (int step = 0; step < steps; step++) {
    double began = now();
    if (dimensions == 2) step2(next, x, w, n, sums);
    else step3(next, x, w, n, sums);
    printf("%s%.6g", step ? "," : "", now() - began);
    if (step == 0) for (size_t i = 0; i < cells; i++) first += next[i];
    float *old = x;
    x = next;
    next = old;
  }
  printf("],\"sum\":%.9g}\n", first);
  return 0;
}
