// What decode_bench.ts compares the kernels with: the most obvious loops, left to the compiler.
#include <stdint.h>
#include <string.h>

typedef const uint8_t *bytes;

static float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static float half(bytes at) {
  const uint32_t bits = at[0] | at[1] << 8, magnitude = bits & 0x7fff;
  const uint32_t sign = (bits & 0x8000) << 16;
  const float subnormal = (float) (int32_t) magnitude * 0x1p-24f;
  uint32_t wide = (magnitude << 13) + (112u << 23);
  if (magnitude >= 0x7c00) wide |= 0x7f800000;
  if (magnitude < 0x0400) memcpy(&wide, &subnormal, 4);
  return from_bits(wide | sign);
}

void F16(bytes in, float *restrict out, long n) {
  for (long i = 0; i < n; i++) out[i] = half(in + 2 * i);
}

void BF16(bytes in, float *restrict out, long n) {
  for (long i = 0; i < n; i++) out[i] = from_bits((uint32_t) (in[2 * i] | in[2 * i + 1] << 8) << 16);
}

void Q4_0(bytes in, float *restrict out, long n) {
  for (; n > 0; n -= 32, in += 18, out += 32) {
    const float d = half(in);
    for (int i = 0; i < 16; i++) {
      out[i] = d * ((in[2 + i] & 15) - 8);
      out[i + 16] = d * ((in[2 + i] >> 4) - 8);
    }
  }
}

void Q4_1(bytes in, float *restrict out, long n) {
  for (; n > 0; n -= 32, in += 20, out += 32) {
    const float d = half(in), m = half(in + 2);
    for (int i = 0; i < 16; i++) {
      out[i] = d * (in[4 + i] & 15) + m;
      out[i + 16] = d * (in[4 + i] >> 4) + m;
    }
  }
}

void Q5_0(bytes in, float *restrict out, long n) {
  for (; n > 0; n -= 32, in += 22, out += 32) {
    const float d = half(in);
    uint32_t fifth;
    memcpy(&fifth, in + 2, 4);
    for (int i = 0; i < 16; i++) {
      const int low = (fifth >> i & 1) << 4, high = (fifth >> (i + 16) & 1) << 4;
      out[i] = d * ((in[6 + i] & 15 | low) - 16);
      out[i + 16] = d * ((in[6 + i] >> 4 | high) - 16);
    }
  }
}

void Q8_0(bytes in, float *restrict out, long n) {
  for (; n > 0; n -= 32, in += 34, out += 32) {
    const float d = half(in);
    for (int i = 0; i < 32; i++) out[i] = d * (int8_t) in[2 + i];
  }
}

static void scale_and_min(bytes packed, int j, int *scale, int *min) {
  if (j < 4) {
    *scale = packed[j] & 63;
    *min = packed[j + 4] & 63;
  } else {
    *scale = packed[j + 4] & 15 | packed[j - 4] >> 6 << 4;
    *min = packed[j + 4] >> 4 | packed[j] >> 6 << 4;
  }
}

void Q4_K(bytes in, float *restrict out, long n) {
  for (; n > 0; n -= 256, in += 144) {
    const float d = half(in), dmin = half(in + 2);
    for (int j = 0; j < 8; j += 2, out += 64) {
      const uint8_t *q = in + 16 + 16 * j;
      int scale, min, next_scale, next_min;
      scale_and_min(in + 4, j, &scale, &min);
      scale_and_min(in + 4, j + 1, &next_scale, &next_min);
      const float a = d * scale, b = dmin * min, e = d * next_scale, f = dmin * next_min;
      for (int i = 0; i < 32; i++) out[i] = a * (q[i] & 15) - b;
      for (int i = 0; i < 32; i++) out[i + 32] = e * (q[i] >> 4) - f;
    }
  }
}

void Q6_K(bytes in, float *restrict out, long n) {
  for (; n > 0; n -= 256, in += 210) {
    const float d = half(in + 208);
    for (int h = 0; h < 2; h++, out += 128) {
      const uint8_t *low = in + 64 * h, *high = in + 128 + 32 * h;
      const int8_t *scale = (const int8_t *) in + 192 + 8 * h;
      for (int i = 0; i < 32; i++) {
        const int j = i / 16;
        out[i] = d * scale[j] * ((low[i] & 15 | (high[i] & 3) << 4) - 32);
        out[i + 32] = d * scale[j + 2] * ((low[i + 32] & 15 | (high[i] >> 2 & 3) << 4) - 32);
        out[i + 64] = d * scale[j + 4] * ((low[i] >> 4 | (high[i] >> 4 & 3) << 4) - 32);
        out[i + 96] = d * scale[j + 6] * ((low[i + 32] >> 4 | high[i] >> 6 << 4) - 32);
      }
    }
  }
}
