// What ingest_bench.ts compares ingesting with: the same files read, measured and written by C.
//   ingest forget LIST              drops the files' pages from the page cache
//   ingest read THREADS LIST        reads the files whole
//   ingest stats THREADS ROUNDS LIST [OUTPUT]
//       for each 8 x 8 block of each tensor: mean, variance, mean magnitude of the gradient, share
//       of positive values, as float32, kept in memory; into OUTPUT afterwards where it is given
//   ingest memory THREADS ROUNDS LIST
//       the same of tensors that were read before the clock starts
//   ingest write FOLDER FILES BYTES writes so many files of so many bytes in all
// LIST has a line for each tensor of bfloat16, in the order of the files: OFFSET ROWS COLUMNS PATH.
// Prints a line of JSON. Compiled by gcc -O3 -fno-math-errno -pthread, for the machine or for SSE 4.1.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SIDE = 8, FIGURES = 4, MAX_THREADS = 64, MAX_FILES = 4096 };
// Bytes read at a time: two threads that ask for 8 MiB each got them at half the speed.
static const long CHUNK = 4 << 20;

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

// ---- the files, their tensors, and the shares of work

struct file { char *path; int fd; long size; };
// `block` and `first` count the blocks and the bytes of tensors before it.
struct tensor { int file; long offset, rows, columns, block, first; };
// Whole bands of blocks of one tensor, or a piece of a file.
struct share { int of; long from, count; };

static struct file files[MAX_FILES];
static struct tensor *tensors;
static struct share *shares;
static long file_count, tensor_count, share_count, block_count, tensor_bytes;

static long up(long n) { return (n + SIDE - 1) / SIDE; }

static void add_share(int of, long from, long count) {
  if ((share_count & (share_count - 1)) == 0) {
    shares = realloc(shares, (share_count ? 2 * share_count : 1) * sizeof *shares);
    if (!shares) fail("shares");
  }
  shares[share_count++] = (struct share) {of, from, count};
}

static void open_list(const char *path) {
  FILE *list = fopen(path, "r");
  if (!list) fail(path);
  long offset, rows, columns, room = 0;
  char name[4096];
  while (fscanf(list, "%ld %ld %ld %4095[^\n]", &offset, &rows, &columns, name) == 4) {
    if (file_count == 0 || strcmp(files[file_count - 1].path, name)) {
      if (file_count == MAX_FILES) fail("too many files");
      struct stat stat;
      const int fd = open(name, O_RDONLY);
      if (fd < 0 || fstat(fd, &stat)) fail(name);
      files[file_count++] = (struct file) {strdup(name), fd, stat.st_size};
    }
    if (tensor_count == room) {
      tensors = realloc(tensors, (room = 2 * room + 64) * sizeof *tensors);
      if (!tensors) fail("tensors");
    }
    tensors[tensor_count++] = (struct tensor) {
      file_count - 1, offset, rows, columns, block_count, tensor_bytes,
    };
    block_count += up(rows) * up(columns);
    tensor_bytes += 2 * rows * columns;
  }
  fclose(list);
}

static void read_at(int file, void *into, long bytes, long offset) {
  for (long done = 0; done < bytes;) {
    const ssize_t more = pread(files[file].fd, (char *) into + done, bytes - done, offset + done);
    if (more <= 0) fail(files[file].path);
    done += more;
  }
}

// ---- threads that take share after share

static atomic_long next_share;
static void (*work)(const struct share *, void *buffer);
static long buffer_bytes;

static void *thread(void *unused) {
  void *buffer;
  if (posix_memalign(&buffer, 4096, buffer_bytes + 64)) fail("buffer");
  for (long i; (i = next_share++) < share_count;) work(&shares[i], buffer);
  free(buffer);
  return unused;
}

static double run(int threads) {
  pthread_t all[MAX_THREADS];
  next_share = 0;
  const double began = now();
  for (int i = 1; i < threads; i++) pthread_create(&all[i], NULL, thread, NULL);
  thread(NULL);
  for (int i = 1; i < threads; i++) pthread_join(all[i], NULL);
  return now() - began;
}

// ---- statistics of blocks

static float *figures;
// All tensors one after the other where they are read beforehand.
static uint16_t *values;

#if defined(__AVX512F__)
enum { LANES = 16, VECTORS = 1 };
#define SQRT(v) ((floats) _mm512_sqrt_ps((__m512) (v)))
#elif defined(__AVX2__)
enum { LANES = 8, VECTORS = 1 };
#define SQRT(v) ((floats) _mm256_sqrt_ps((__m256) (v)))
#else
enum { LANES = 4, VECTORS = 2 };
#define SQRT(v) ((floats) _mm_sqrt_ps((__m128) (v)))
#endif
enum { WIDE = LANES * VECTORS, BLOCKS = WIDE / SIDE };
typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t ints __attribute__((vector_size(4 * LANES)));
typedef uint16_t halves __attribute__((vector_size(2 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));

// A bfloat16 is the upper half of a float.
static inline void load(floats *into, const uint16_t *from) {
#if defined(__AVX2__)
  halves stored;
  memcpy(&stored, from, sizeof stored);
  into[0] = (floats) (__builtin_convertvector(stored, words) << 16);
#else
  const __m128i stored = _mm_loadu_si128((const __m128i *) from), zero = _mm_setzero_si128();
  into[0] = (floats) _mm_unpacklo_epi16(zero, stored);
  into[1] = (floats) _mm_unpackhi_epi16(zero, stored);
#endif
}

// Each value's neighbour on the right; in a block's last column the value itself.
static inline void right_of(floats *into, const floats *row) {
#if defined(__AVX512F__)
  into[0] = __builtin_shuffle(row[0], (ints) {1, 2, 3, 4, 5, 6, 7, 7, 9, 10, 11, 12, 13, 14, 15, 15});
#elif defined(__AVX2__)
  into[0] = __builtin_shuffle(row[0], (ints) {1, 2, 3, 4, 5, 6, 7, 7});
#else
  into[0] = __builtin_shuffle(row[0], row[1], (ints) {1, 2, 3, 4});
  into[1] = __builtin_shuffle(row[1], (ints) {1, 2, 3, 3});
#endif
}

// Of a block's eight columns, the sums of the left four and the right four.
static inline __m128 halved(const floats *columns, int block) {
  __m128 halves[2];
  memcpy(halves, (const float *) columns + SIDE * block, sizeof halves);
  return _mm_add_ps(halves[0], halves[1]);
}

// Blocks of 8 x 8 side by side, as many as fit the vectors.
static inline void measure(const uint16_t *at, long pitch, float *out) {
  const floats zero = {0};
  floats row[VECTORS], below[VECTORS], right[VECTORS];
  floats sum[VECTORS] = {0}, square[VECTORS] = {0}, slope[VECTORS] = {0}, share[VECTORS];
  ints positive[VECTORS] = {0};
  load(row, at);
#pragma GCC unroll 8
  for (int y = 0; y < SIDE; y++) {
    if (y < SIDE - 1) load(below, at + (y + 1) * pitch);
    right_of(right, row);
    for (int i = 0; i < VECTORS; i++) {
      const floats dx = right[i] - row[i], dy = y < SIDE - 1 ? below[i] - row[i] : zero;
      sum[i] += row[i];
      square[i] += row[i] * row[i];
      slope[i] += SQRT(dx * dx + dy * dy);
      positive[i] -= row[i] > zero;
      row[i] = below[i];
    }
  }
  for (int i = 0; i < VECTORS; i++) share[i] = __builtin_convertvector(positive[i], floats);
  for (int block = 0; block < BLOCKS; block++, out += FIGURES) {
    __m128 a = halved(sum, block), b = halved(square, block);
    __m128 c = halved(slope, block), d = halved(share, block);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    const __m128 sums = _mm_add_ps(_mm_add_ps(a, b), _mm_add_ps(c, d));
    const __m128 means = _mm_mul_ps(sums, _mm_set1_ps(1.0f / (SIDE * SIDE)));
    _mm_storeu_ps(out, means);
    out[1] -= out[0] * out[0];
  }
}

static float value(uint16_t stored) {
  const uint32_t bits = (uint32_t) stored << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

// A block at an edge, of fewer cells.
static void measure_part(const uint16_t *at, long pitch, long width, long height, float *out) {
  double sum = 0, square = 0, slope = 0, positive = 0;
  for (long y = 0; y < height; y++) {
    for (long x = 0; x < width; x++) {
      const float cell = value(at[y * pitch + x]);
      const float dx = x < width - 1 ? value(at[y * pitch + x + 1]) - cell : 0;
      const float dy = y < height - 1 ? value(at[(y + 1) * pitch + x]) - cell : 0;
      sum += cell;
      square += (double) cell * cell;
      slope += sqrtf(dx * dx + dy * dy);
      positive += cell > 0;
    }
  }
  const double cells = width * height, mean = sum / cells;
  out[0] = mean;
  out[1] = square / cells - mean * mean;
  out[2] = slope / cells;
  out[3] = positive / cells;
}

static void measure_share(const struct share *share, void *buffer) {
  const struct tensor *tensor = &tensors[share->of];
  const long columns = tensor->columns;
  const long before = 2 * share->from * columns, bytes = 2 * share->count * columns;
  const uint16_t *band = buffer;
  if (values) band = values + (tensor->first + before) / 2;
  else read_at(tensor->file, buffer, bytes, tensor->offset + before);
  for (long y = 0; y < share->count; y += SIDE) {
    const uint16_t *at = band + y * columns;
    const long height = share->count - y < SIDE ? share->count - y : SIDE;
    float *out = figures + FIGURES * (tensor->block + (share->from + y) / SIDE * up(columns));
    long x = 0;
    if (height == SIDE) {
      for (; x + WIDE <= columns; x += WIDE, out += FIGURES * BLOCKS) measure(at + x, columns, out);
    }
    for (; x < columns; x += SIDE, out += FIGURES) {
      measure_part(at + x, columns, columns - x < SIDE ? columns - x : SIDE, height, out);
    }
  }
}

// Memory in large pages, all of them touched: the first touch is not to be measured.
static void *memory(size_t bytes) {
  void *all;
  if (posix_memalign(&all, 1 << 21, bytes + 64)) fail("memory");
  madvise(all, bytes, MADV_HUGEPAGE);
  return memset(all, 0, bytes);
}

static void read_beforehand(void) {
  values = memory(tensor_bytes);
  for (const struct tensor *t = tensors; t < tensors + tensor_count; t++) {
    read_at(t->file, values + t->first / 2, 2 * t->rows * t->columns, t->offset);
  }
}

static void stats(const char *verb, int threads, int rounds, const char *output) {
  for (long i = 0; i < tensor_count; i++) {
    const long pitch = 2 * tensors[i].columns, bands = CHUNK / pitch / SIDE;
    const long rows = SIDE * (bands > 0 ? bands : 1);
    for (long y = 0; y < tensors[i].rows; y += rows) {
      const long count = tensors[i].rows - y < rows ? tensors[i].rows - y : rows;
      add_share(i, y, count);
      if (count * pitch > buffer_bytes) buffer_bytes = count * pitch;
    }
  }
  const size_t bytes = block_count * FIGURES * sizeof *figures;
  figures = memory(bytes);
  work = measure_share;
  printf("{\"verb\": \"%s\", \"threads\": %d, \"bytes\": %ld, \"blocks\": %ld, \"seconds\": [", verb,
         threads, tensor_bytes, block_count);
  for (int round = 0; round < rounds; round++) printf("%s%.4f", round ? ", " : "", run(threads));
  printf("]}\n");
  if (!output) return;
  FILE *file = fopen(output, "w");
  if (!file || fwrite(figures, 1, bytes, file) != bytes || fclose(file)) fail(output);
}

// ---- reading, forgetting, writing

static void read_share(const struct share *share, void *buffer) {
  read_at(share->of, buffer, share->count, share->from);
}

static void read_whole(int threads) {
  long bytes = 0;
  for (int i = 0; i < file_count; i++) {
    for (long at = 0; at < files[i].size; at += CHUNK) {
      add_share(i, at, files[i].size - at < CHUNK ? files[i].size - at : CHUNK);
    }
    bytes += files[i].size;
  }
  buffer_bytes = CHUNK;
  work = read_share;
  printf("{\"verb\": \"read\", \"threads\": %d, \"bytes\": %ld, \"seconds\": [%.4f]}\n", threads, bytes,
         run(threads));
}

static void forget(void) {
  long pages = 0, left = 0;
  for (int i = 0; i < file_count; i++) {
    const int fd = files[i].fd;
    fdatasync(fd); // pages that are not written yet stay
    if ((errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))) fail(files[i].path);
    const long count = (files[i].size + 4095) / 4096;
    unsigned char *there = malloc(count);
    void *map = mmap(NULL, files[i].size, PROT_READ, MAP_SHARED, fd, 0);
    if (!there || map == MAP_FAILED || mincore(map, files[i].size, there)) fail(files[i].path);
    for (long page = 0; page < count; page++) left += there[page] & 1;
    pages += count;
    munmap(map, files[i].size);
    free(there);
  }
  printf("{\"verb\": \"forget\", \"pages\": %ld, \"left\": %ld}\n", pages, left);
}

static void write_files(const char *folder, long count, long bytes) {
  char *buffer = malloc(CHUNK), path[4096];
  if (!buffer) fail("buffer");
  for (long i = 0; i < CHUNK; i++) buffer[i] = i * 31 + (i >> 8);
  const double began = now();
  for (long i = 0; i < count; i++) {
    const long size = bytes / count + (i < bytes % count);
    snprintf(path, sizeof path, "%s/%ld", folder, i);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0) fail(path);
    for (long done = 0; done < size;) {
      const ssize_t more = write(fd, buffer, size - done < CHUNK ? size - done : CHUNK);
      if (more <= 0) fail(path);
      done += more;
    }
    if (close(fd)) fail(path);
  }
  const double seconds = now() - began;
  printf("{\"verb\": \"write\", \"files\": %ld, \"bytes\": %ld, \"seconds\": [%.4f]}\n", count, bytes,
         seconds);
}

int main(int count, char **words) {
  const char *verb = count > 1 ? words[1] : "";
  const int threads = count > 3 ? atoi(words[2]) : 1;
  const int fits = threads > 0 && threads <= MAX_THREADS;
  if (!strcmp(verb, "forget") && count == 3) {
    open_list(words[2]);
    forget();
  } else if (!strcmp(verb, "read") && count == 4 && fits) {
    open_list(words[3]);
    read_whole(threads);
  } else if (!strcmp(verb, "stats") && (count == 5 || count == 6) && fits) {
    open_list(words[4]);
    stats(verb, threads, atoi(words[3]), count == 6 ? words[5] : NULL);
  } else if (!strcmp(verb, "memory") && count == 5 && fits) {
    open_list(words[4]);
    read_beforehand();
    stats(verb, threads, atoi(words[3]), NULL);
  } else if (!strcmp(verb, "write") && count == 5) {
    write_files(words[2], atol(words[3]), atol(words[4]));
  } else {
    fprintf(stderr, "usage: ingest forget|read|stats|memory|write ..., as the head of its source says\n");
    return 2;
  }
  return 0;
}
