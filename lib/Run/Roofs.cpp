#include "vitc/Run/Roofs.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace vitc::run;

/// Units of work (operations, bytes) that a call does.
using Work = std::function<double()>;

static constexpr size_t memoryBytes = 256 << 20; ///< beyond every cache
static constexpr size_t cacheBytes = 256 << 10;  ///< beyond L1, within L2

#if defined(__x86_64__)

/// Chains of products that do not wait for each other: more than the latency of one times the ports there are (Zen 5
/// and Golden Cove: 4 cycles, 2 ports).
static constexpr int chains = 12, productsAChain = 4096;

#define HIDE(value) __asm__ volatile("" : "+v"(value)) // what the compiler knows of a vector

__attribute__((target("avx512f"))) static double multiplyAVX512() {
  __m512 sums[chains] = {}, factor = _mm512_set1_ps(0.5f);
  for (int i = 0; i < productsAChain; ++i)
#pragma clang loop unroll(full)
    for (__m512 &sum : sums) {
      sum = _mm512_fmadd_ps(sum, factor, factor);
      HIDE(sum);
    }
  return 2.0 * 16 * chains * productsAChain;
}

__attribute__((target("avx2,fma"))) static double multiplyAVX2() {
  __m256 sums[chains] = {}, factor = _mm256_set1_ps(0.5f);
  for (int i = 0; i < productsAChain; ++i)
#pragma clang loop unroll(full)
    for (__m256 &sum : sums) {
      sum = _mm256_fmadd_ps(sum, factor, factor);
      HIDE(sum);
    }
  return 2.0 * 8 * chains * productsAChain;
}

/// Reads all bytes, a multiple of 512.
__attribute__((target("avx2"))) static double readAVX2(const char *data, size_t bytes) {
  __m256i sums[8] = {};
  for (const char *at = data; at != data + bytes; at += sizeof sums)
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; ++i)
      sums[i] = _mm256_xor_si256(sums[i], _mm256_load_si256(reinterpret_cast<const __m256i *>(at) + i));
  for (__m256i &sum : sums)
    HIDE(sum);
  return double(bytes);
}

#endif

/// What all threads do together in a second, each repeating its work for 2 ms; the best of 40 times, since others may
/// use the machine.
static double measure(const std::vector<Work> &works) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<double> rates(works.size());
    auto repeat = [&](size_t thread) {
      double done = 0, seconds = 0;
      for (auto begin = Clock::now(); seconds < 2e-3;) {
        done += works[thread]();
        seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      }
      rates[thread] = done / seconds;
    };
    std::vector<std::thread> others;
    for (size_t thread = 1; thread < works.size(); ++thread)
      others.emplace_back(repeat, thread);
    repeat(0);
    for (std::thread &other : others)
      other.join();
    double sum = 0;
    for (double rate : rates)
      sum += rate;
    best = std::max(best, sum);
  }
  return best;
}

#if defined(__x86_64__)

/// Reads `bytes` of a buffer of each thread's own in parts.
static double measureReading(size_t bytes, int threads) {
  constexpr size_t part = 256 << 10, alignment = 64;
  struct Buffer {
    std::unique_ptr<char[]> memory;
    char *data;
    size_t at = 0;
  };
  std::vector<Buffer> buffers(threads);
  std::vector<Work> works;
  for (Buffer &buffer : buffers) {
    buffer.memory = std::make_unique<char[]>(bytes + alignment); // written: pages of its own, not the one of zeros
    std::fill_n(buffer.memory.get(), bytes + alignment, 1);
    buffer.data = buffer.memory.get() + alignment - reinterpret_cast<uintptr_t>(buffer.memory.get()) % alignment;
    works.push_back([&buffer, bytes] {
      double read = readAVX2(buffer.data + buffer.at, part);
      buffer.at = (buffer.at + part) % bytes;
      return read;
    });
  }
  return measure(works);
}

Roofs vitc::run::measureRoofs(llvm::StringRef level, int threads) {
  Roofs roofs;
  bool wide = level != "x86-64-v3" && __builtin_cpu_supports("avx512f");
  roofs.vectors = wide ? "AVX-512" : "AVX2";
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return roofs;
  roofs.flopsPerSecond = measure(std::vector<Work>(threads, wide ? multiplyAVX512 : multiplyAVX2));
  roofs.memoryBytesPerSecond = measureReading(memoryBytes / threads / cacheBytes * cacheBytes, threads);
  roofs.cacheBytesPerSecond = measureReading(cacheBytes, threads);
  return roofs;
}

#else

Roofs vitc::run::measureRoofs(llvm::StringRef, int) { return {}; }

#endif
