// Times vcpu.gemm against this core's peak: each call is paired with a loop of FMAs, so that a busy machine slows both.
//   GemmBench M K N [key=value..]   keys: mr, vectors, mc, pack, level, copies, dynamic, epilogue (none, bias, gelu),
//   strassen (1: vcpu.strassen_gemm with its sums; rates are of the plain product's multiplications), dump
// Prints best over best and the median of the paired ratios. With `copies` the weights take turns, as in a model whose
// weights do not stay in the cache.
#include "KernelHarness.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>

using namespace vitc::test;

/// This thread's time on the CPU: other processes take none of it.
static double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

#define FMA_ROWS(reg)                                                                                                  \
  "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "0\n vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "1\n"              \
  "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "2\n vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "3\n"              \
  "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "4\n vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "5\n"              \
  "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "6\n vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "7\n"              \
  "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "8\n vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "9\n"
#define PEAK_LOOP(reg)                                                                                                 \
  asm volatile("vpxor %%xmm14, %%xmm14, %%xmm14\n vpxor %%xmm15, %%xmm15, %%xmm15\n1:\n" FMA_ROWS(reg)                 \
                   FMA_ROWS(reg) "dec %0\n jnz 1b\n"                                                                   \
               : "+r"(count)::"cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",    \
                 "xmm14", "xmm15")

/// FLOP/s of twenty FMAs on ten accumulators, again and again.
static double measurePeak(int64_t lanes) {
  int64_t count = 20000;
  double start = now();
  if (lanes == 16)
    PEAK_LOOP("zmm");
  else
    PEAK_LOOP("ymm");
  return 20000 * 20.0 * 2 * lanes / (now() - start);
}

int main(int argc, char **argv) {
  if (argc < 4)
    return std::fprintf(stderr, "usage: GemmBench M K N [key=value..]\n"), 2;
  int64_t m = atoll(argv[1]), k = atoll(argv[2]), n = atoll(argv[3]);
  std::map<std::string, std::string> options{
      {"mr", "14"},           {"vectors", "2"},     {"mc", "0"},  {"pack", "0"}, {"copies", "1"},    {"dynamic", "0"},
      {"level", "x86-64-v4"}, {"epilogue", "none"}, {"dump", ""}, {"pad", "0"},  {"seconds", "1.5"}, {"strassen", "0"}};
  for (int i = 4; i < argc; ++i) {
    auto [key, value] = llvm::StringRef(argv[i]).split('=');
    options[key.str()] = value.str();
  }
  int64_t lanes = options["level"] == "x86-64-v3" ? 8 : 16, nr = stoll(options["vectors"]) * lanes;
  int64_t pad = stoll(options["pad"]);
  Array a({m, k}, pad ? k + pad : 0), bias({n}), c({m, n});
  a.fill(1), bias.fill(2);
  std::vector<Array> weights(stoll(options["copies"]), Array({(n + nr - 1) / nr, k, nr}).fill(3));

  std::initializer_list<int64_t> none, rows{0}, &dynamic = options["dynamic"] == "1" ? rows : none;
  std::string aType = a.type(dynamic), cType = c.type(dynamic);
  bool isStrassen = options["strassen"] == "1";
  Array sums({4, (m + 1) / 2, (k / 2 + 15) / 16 * 16 + 16});
  std::string text = "func.func @main(%a: " + aType + ", %b: " + weights[0].type() + ", %bias: " + bias.type() +
                     ", %c: " + cType + ", %sums: " + sums.type() + ") {\n";
  if (isStrassen)
    text += "  vcpu.strassen_rows ins(%a : " + aType + ") outs(%sums : " + sums.type() +
            ") {group = " + std::to_string(m) + ", lanes = " + std::to_string(lanes) +
            "}\n  vcpu.strassen_gemm ins(%a, %sums, %b : " + aType + ", " + sums.type() + ", " + weights[0].type() +
            ")";
  else
    text += "  vcpu.gemm ins(%a, %b : " + aType + ", " + weights[0].type() + ")";
  bool hasEpilogue = options["epilogue"] != "none";
  if (hasEpilogue)
    text += " extras(%bias : " + bias.type() + ")";
  text += " outs(%c : " + cType + ") {mr = " + options["mr"] + ", nr = " + std::to_string(nr) +
          ", lanes = " + std::to_string(lanes);
  text += isStrassen ? ", group = " + std::to_string(m) : ", mc = " + options["mc"];
  text += options["pack"] == "1" ? ", pack_a" : "";
  text += hasEpilogue ? ", extra_maps = [affine_map<(m, n) -> (n)>]} epilogue {\n^bb0(%acc: f32, %e: f32):\n"
                        "%s = arith.addf %acc, %e : f32\n"
                      : "}";
  if (hasEpilogue)
    text += options["epilogue"] == "gelu" ? "%g = vit.gelu %s : f32\nvcpu.yield %g : f32\n}" : "vcpu.yield %s : f32\n}";
  double start = now();
  auto kernel = CompiledKernels::compile(text + "\n  return\n}\n", options["level"]);
  if (!kernel)
    return 1;
  std::printf("compiled in %.2f s  ", now() - start);
  std::vector<Array *> arguments{&a, &weights[0], &bias, &c, &sums};
  std::vector<char> scratch(kernel->scratchBytes(arguments) + 64);
  void *aligned = reinterpret_cast<void *>(llvm::alignTo(reinterpret_cast<uintptr_t>(scratch.data()), 64));
  if (!options["dump"].empty())
    kernel->dumpObject(options["dump"]);

  double flops = 2.0 * m * n * k, bestTime = 1e9, bestPeak = 0, limit = now() + stod(options["seconds"]);
  std::vector<double> ratios;
  while (now() < limit) {
    double peak = measurePeak(lanes), start = now();
    for (Array &weight : weights) {
      arguments[1] = &weight;
      kernel->call(arguments, 1, aligned);
    }
    double time = (now() - start) / weights.size();
    bestTime = std::min(bestTime, time);
    bestPeak = std::max(bestPeak, peak);
    ratios.push_back(flops / time / peak);
  }
  std::nth_element(ratios.begin(), ratios.begin() + ratios.size() / 2, ratios.end());
  std::printf("M %4ld K %4ld N %4ld  best %8.1f us %6.1f GF/s  peak %6.1f  best/best %5.1f%%  median %5.1f%%\n", m, k,
              n, bestTime * 1e6, flops / bestTime / 1e9, bestPeak / 1e9, 100 * flops / bestTime / bestPeak,
              100 * ratios[ratios.size() / 2]);
}
