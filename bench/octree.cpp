// A dense float32 cube merged into an octree and listed, as plainly as C++ does it, one thread: eight
// leaves become one where max - min < epsilon and variance < tau; then, depth first, masks of inner nodes
// (bit set: the child is an inner node), values of cells, and mean, variance, min and max of merged leaves
// and of inner nodes of more than eight cells. Usage: octree FILE SIDE ROUNDS EPS…
// Prints a line of JSON for each epsilon: seconds of each round, inner nodes, leaves, bytes of the lists.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

struct Level {
  int side;
  std::vector<float> low, high, mean, variance;
  std::vector<uint8_t> leaf, mask;
  explicit Level(int n)
      : side(n), low(size()), high(size()), mean(size()), variance(size()), leaf(size()), mask(size()) {}
  size_t size() const { return (size_t)side * side * side; }
};

static inline float least(float a, float b) { return a < b ? a : b; }
static inline float most(float a, float b) { return a < b ? b : a; }

static void merge_cells(const float *cells, int side, Level &to, float epsilon, float tau) {
  const int n = to.side;
  for (int z = 0; z < n; z++)
    for (int y = 0; y < n; y++) {
      const float *row[4];
      for (int r = 0; r < 4; r++) row[r] = cells + ((size_t)(2 * z + r / 2) * side + 2 * y + r % 2) * side;
      const size_t at = ((size_t)z * n + y) * n;
      float *low = &to.low[at], *high = &to.high[at], *mean = &to.mean[at], *variance = &to.variance[at];
      uint8_t *leaf = &to.leaf[at];
      for (int x = 0; x < n; x++) {
        float a = row[0][2 * x], b = row[0][2 * x + 1], c = row[1][2 * x], d = row[1][2 * x + 1];
        float e = row[2][2 * x], f = row[2][2 * x + 1], g = row[3][2 * x], h = row[3][2 * x + 1];
        float l = least(least(least(a, b), least(c, d)), least(least(e, f), least(g, h)));
        float m = most(most(most(a, b), most(c, d)), most(most(e, f), most(g, h)));
        float mu = (((a + b) + (c + d)) + ((e + f) + (g + h))) * 0.125f;
        a -= mu, b -= mu, c -= mu, d -= mu, e -= mu, f -= mu, g -= mu, h -= mu;
        float v = (((a * a + b * b) + (c * c + d * d)) + ((e * e + f * f) + (g * g + h * h))) * 0.125f;
        low[x] = l, high[x] = m, mean[x] = mu, variance[x] = v;
        leaf[x] = (m - l < epsilon) & (v < tau);
      }
    }
}

static void merge_nodes(const Level &from, Level &to, float epsilon, float tau) {
  const int n = to.side, side = from.side;
  for (int z = 0; z < n; z++)
    for (int y = 0; y < n; y++)
      for (int x = 0; x < n; x++) {
        float low = INFINITY, high = -INFINITY, sum = 0, within = 0, between = 0, means[8];
        int leaves = 0, mask = 0;
        for (int k = 0; k < 8; k++) {
          const size_t i = ((size_t)(2 * z + k / 4) * side + 2 * y + k / 2 % 2) * side + 2 * x + k % 2;
          low = least(low, from.low[i]), high = most(high, from.high[i]);
          sum += means[k] = from.mean[i], within += from.variance[i];
          leaves += from.leaf[i], mask |= !from.leaf[i] << k;
        }
        const float mean = sum * 0.125f;
        for (float one : means) between += (one - mean) * (one - mean);
        const float variance = (within + between) * 0.125f;
        const size_t at = ((size_t)z * n + y) * n + x;
        to.low[at] = low, to.high[at] = high, to.mean[at] = mean, to.variance[at] = variance;
        to.mask[at] = mask, to.leaf[at] = leaves == 8 && high - low < epsilon && variance < tau;
      }
}

struct Figures {
  float mean, variance, low, high;
};

struct Lists {
  std::vector<uint8_t> masks;
  std::vector<float> cells;
  std::vector<Figures> figures;
  size_t leaves;
};

static void list(const std::vector<Level> &levels, const float *cells, int level, int z, int y, int x, Lists &to) {
  const Level &own = levels[level];
  const size_t at = ((size_t)z * own.side + y) * own.side + x;
  if (level || own.leaf[at]) to.figures.push_back({own.mean[at], own.variance[at], own.low[at], own.high[at]});
  if (own.leaf[at]) return (void)to.leaves++;
  to.masks.push_back(level ? own.mask[at] : 0);
  const size_t side = 2 * own.side;
  for (int k = 0; k < 8; k++) {
    const int c = 2 * z + k / 4, b = 2 * y + k / 2 % 2, a = 2 * x + k % 2;
    if (level) list(levels, cells, level - 1, c, b, a, to);
    else to.cells.push_back(cells[(c * side + b) * side + a]);
  }
}

int main(int count, char **arguments) {
  if (count < 5) return 2;
  const int side = atoi(arguments[2]), rounds = atoi(arguments[3]);
  std::vector<float> cells((size_t)side * side * side);
  FILE *file = fopen(arguments[1], "rb");
  if (!file || fread(cells.data(), 4, cells.size(), file) != cells.size()) return perror(arguments[1]), 1;
  fclose(file);
  std::vector<Level> levels;
  for (int n = side / 2; n >= 1; n /= 2) levels.emplace_back(n);
  Lists lists;
  for (int i = 4; i < count; i++) {
    const float epsilon = atof(arguments[i]), tau = epsilon * epsilon / 16;
    printf("{\"seconds\": [");
    for (int round = -1; round < rounds; round++) {
      const auto began = std::chrono::steady_clock::now();
      merge_cells(cells.data(), side, levels[0], epsilon, tau);
      for (size_t l = 1; l < levels.size(); l++) merge_nodes(levels[l - 1], levels[l], epsilon, tau);
      lists.masks.clear(), lists.cells.clear(), lists.figures.clear(), lists.leaves = 0;
      list(levels, cells.data(), levels.size() - 1, 0, 0, 0, lists);
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
      if (round >= 0) printf("%s%.6f", round ? ", " : "", spent.count());
    }
    const size_t leaves = lists.leaves + lists.cells.size();
    const size_t bytes = lists.masks.size() + 4 * lists.cells.size() + 16 * lists.figures.size();
    printf("], \"inner\": %zu, \"leaves\": %zu, \"bytes\": %zu}\n", lists.masks.size(), leaves, bytes);
  }
}
