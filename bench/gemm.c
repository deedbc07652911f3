// What gemm_bench.ts compares with: the same products of n × n float32 matrices in SSE, on one thread.
// gemm: 6 × 8 tiles of packed panels. gram: AᵀA, lower triangle, float64, 6 × 4 tiles. normal: AᵀA·x in one
// pass over the rows, float64. read: the sum of A, which is no more than reading it.
//   gcc -O3 -msse4.1 gemm.c -o gemm && ./gemm NAME N REPETITIONS
#include <emmintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { H = 6, DEPTH = 256, TALL = 96 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *room(size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
  memset(p, 0, (bytes + 63) / 64 * 64);
  return p;
}

static float *numbers(size_t count, unsigned seed) {
  float *values = room(count * 4);
  for (size_t i = 0; i < count; i++) {
    unsigned bits = ((unsigned) i + seed) * 2654435761u;
    bits = (bits ^ bits >> 15) * 2246822519u;
    values[i] = (bits >> 8) / 8388608.f - 1;
  }
  return values;
}

#define PACK(NAME, T) \
  static void NAME(const float *from, size_t line, size_t along, int lines, int depth, int wide, T *to) { \
    for (int i = 0; i < lines; i += wide, to += (size_t) wide * depth) \
      for (int l = 0; l < wide; l++) \
        for (int k = 0; k < depth; k++) \
          to[k * wide + l] = i + l < lines ? (T) from[(i + l) * line + k * along] : 0; \
  }
PACK(pack4, float)
PACK(pack8, double)

static void tile4(const float *a, const float *b, int depth, float *to) {
  __m128 s[H], t[H];
  for (int r = 0; r < H; r++) s[r] = t[r] = _mm_setzero_ps();
  for (int k = 0; k < depth; k++, a += H, b += 8) {
    const __m128 u = _mm_load_ps(b), v = _mm_load_ps(b + 4);
    for (int r = 0; r < H; r++) {
      const __m128 x = _mm_set1_ps(a[r]);
      s[r] = _mm_add_ps(s[r], _mm_mul_ps(x, u));
      t[r] = _mm_add_ps(t[r], _mm_mul_ps(x, v));
    }
  }
  for (int r = 0; r < H; r++) _mm_store_ps(to + 8 * r, s[r]), _mm_store_ps(to + 8 * r + 4, t[r]);
}

static void tile8(const double *a, const double *b, int depth, double *to) {
  __m128d s[H], t[H];
  for (int r = 0; r < H; r++) s[r] = t[r] = _mm_setzero_pd();
  for (int k = 0; k < depth; k++, a += H, b += 4) {
    const __m128d u = _mm_load_pd(b), v = _mm_load_pd(b + 2);
    for (int r = 0; r < H; r++) {
      const __m128d x = _mm_set1_pd(a[r]);
      s[r] = _mm_add_pd(s[r], _mm_mul_pd(x, u));
      t[r] = _mm_add_pd(t[r], _mm_mul_pd(x, v));
    }
  }
  for (int r = 0; r < H; r++) _mm_store_pd(to + 4 * r, s[r]), _mm_store_pd(to + 4 * r + 2, t[r]);
}

#define LEAST(A, B) ((A) < (B) ? (A) : (B))

static void gemm(const float *a, const float *b, float *c, int n, float *left, float *right) {
  float tile[H * 8] __attribute__((aligned(64)));
  memset(c, 0, (size_t) n * n * 4);
  for (int p = 0; p < n; p += DEPTH) {
    int depth = LEAST(DEPTH, n - p);
    pack4(b + (size_t) p * n, 1, n, n, depth, 8, right);
    for (int i = 0; i < n; i += TALL) {
      int rows = LEAST(TALL, n - i);
      pack4(a + (size_t) i * n + p, n, 1, rows, depth, H, left);
      for (int y = 0; y < n; y += 8) {
        for (int x = 0; x < rows; x += H) {
          tile4(left + (size_t) x * depth, right + (size_t) y * depth, depth, tile);
          for (int r = 0; r < LEAST(H, rows - x); r++)
            for (int k = 0; k < LEAST(8, n - y); k++) c[(size_t) (i + x + r) * n + y + k] += tile[8 * r + k];
        }
      }
    }
  }
}

static void gram(const float *a, double *c, int n, double *left, double *right) {
  double tile[H * 4] __attribute__((aligned(64)));
  memset(c, 0, (size_t) n * n * 8);
  for (int p = 0; p < n; p += DEPTH) {
    int depth = LEAST(DEPTH, n - p);
    pack8(a + (size_t) p * n, 1, n, n, depth, 4, right);
    for (int i = 0; i < n; i += TALL / 2) {
      int rows = LEAST(TALL / 2, n - i);
      pack8(a + (size_t) p * n + i, 1, n, rows, depth, H, left);
      for (int y = 0; y < i + rows; y += 4) {
        for (int x = 0; x < rows; x += H) {
          if (i + x + H <= y) continue;
          tile8(left + (size_t) x * depth, right + (size_t) y * depth, depth, tile);
          for (int r = 0; r < LEAST(H, rows - x); r++)
            for (int k = 0; k < LEAST(4, i + x + r + 1 - y) && y + k < n; k++)
              c[(size_t) (i + x + r) * n + y + k] += tile[4 * r + k];
        }
      }
    }
  }
}

static void normal(const float *a, int n, const double *x, double *y) {
  memset(y, 0, n * 8);
  for (int i = 0; i < n; i++, a += n) {
    __m128d s = _mm_setzero_pd(), t = s, u = s, v = s;
    for (int j = 0; j < n; j += 8) {
      const __m128 p = _mm_load_ps(a + j), q = _mm_load_ps(a + j + 4);
      s = _mm_add_pd(s, _mm_mul_pd(_mm_cvtps_pd(p), _mm_load_pd(x + j)));
      t = _mm_add_pd(t, _mm_mul_pd(_mm_cvtps_pd(_mm_movehl_ps(p, p)), _mm_load_pd(x + j + 2)));
      u = _mm_add_pd(u, _mm_mul_pd(_mm_cvtps_pd(q), _mm_load_pd(x + j + 4)));
      v = _mm_add_pd(v, _mm_mul_pd(_mm_cvtps_pd(_mm_movehl_ps(q, q)), _mm_load_pd(x + j + 6)));
    }
    s = _mm_add_pd(_mm_add_pd(s, t), _mm_add_pd(u, v));
    double product = _mm_cvtsd_f64(_mm_add_sd(s, _mm_unpackhi_pd(s, s)));
    for (int j = 0; j < n; j++) y[j] += a[j] * product;
  }
}

static float sum(const float *a, size_t count) {
  __m128 s = _mm_setzero_ps(), t = s, u = s, v = s;
  for (size_t i = 0; i < count; i += 16) {
    s = _mm_add_ps(s, _mm_load_ps(a + i));
    t = _mm_add_ps(t, _mm_load_ps(a + i + 4));
    u = _mm_add_ps(u, _mm_load_ps(a + i + 8));
    v = _mm_add_ps(v, _mm_load_ps(a + i + 12));
  }
  float all[4];
  _mm_storeu_ps(all, _mm_add_ps(_mm_add_ps(s, t), _mm_add_ps(u, v)));
  return all[0] + all[1] + all[2] + all[3];
}

static volatile float kept;

int main(int count, char **arguments) {
  if (count < 4) return 2;
  const char *name = arguments[1];
  int n = atoi(arguments[2]), times = atoi(arguments[3]);
  size_t cells = (size_t) n * n;
  float *a = numbers(cells, 1), *b = numbers(cells, 2), *c = room(cells * 4);
  double *out = room(cells * 8), *x = room(n * 8), *y = room(n * 8), check = 0;
  void *left = room(TALL * DEPTH * 8), *right = room((n + 8) * (size_t) DEPTH * 8);
  for (int i = 0; i < n; i++) x[i] = b[i];
  printf("{\"seconds\":[");
  for (int i = 0; i < times; i++) {
    double began = now();
    if (!strcmp(name, "gemm")) gemm(a, b, c, n, left, right), check = c[cells - 2];
    else if (!strcmp(name, "gram")) gram(a, out, n, left, right), check = out[cells - 2];
    else if (!strcmp(name, "normal")) normal(a, n, x, y), check = y[n - 2];
    else kept = sum(a, cells);
    printf("%s%.6g", i ? "," : "", now() - began);
  }
  printf("],\"check\":%.9g}\n", check);
  return 0;
}
