#include "vitc/Dialect/GPUKernel/Kernels/GemmTuning.h"
#include "vitc/Dialect/GPUKernel/Kernels/GemmSchedule.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace vitc;
using namespace vitc::vgpu;
using llvm::StringRef;

static constexpr std::pair<Element, llvm::StringLiteral> elements[] = {
    {Element::BF16, "bf16"}, {Element::F16, "fp16"}, {Element::TF32, "tf32"}};

/// What an entry may say beside its tiles.
static constexpr llvm::StringLiteral optionalNames[] = {"splits", "stages", "nanoseconds", "expected_nanoseconds"};

std::string vitc::vgpu::tuningKey(int64_t capability, const GemmConfig &config, std::optional<int64_t> rows) {
  const GemmEpilogue &epilogue = config.epilogue;
  std::string key = "cuda-sm_" + std::to_string(capability) + " ";
  for (auto [element, name] : elements)
    if (element == config.element)
      key += name;
  key += " gemm";
  auto add = [&](bool isThere, StringRef part) {
    if (isThere)
      key += ("+" + part).str();
  };
  add(epilogue.gated, "gated");
  add(epilogue.bias, "bias");
  add(epilogue.activation != Activation::None, nameOf(epilogue.activation));
  add(epilogue.scale, "scale");
  add(epilogue.tableRows != 0, "table");
  add(epilogue.residual, "residual");
  return key + " " + (rows ? std::to_string(*rows) : "?") + "x" + std::to_string(config.k) + "x" +
         std::to_string(config.n);
}

Tuning::Schedule vitc::vgpu::describeSchedule(const GemmConfig &config) {
  Tuning::Schedule schedule{{"tile_m", config.tileM}, {"tile_n", config.tileN}, {"splits", config.splits}};
  if (config.stages)
    schedule["stages"] = config.stages;
  return schedule;
}

std::string vitc::vgpu::applySchedule(GemmConfig &config, const Tuning::Schedule &entry) {
  for (const auto &[name, number] : entry)
    if (name != "tile_m" && name != "tile_n" && !llvm::is_contained(optionalNames, name))
      return "expected tile_m, tile_n, " + llvm::join(llvm::ArrayRef(optionalNames), ", ") + ", got " + name;
  auto read = [&](StringRef name, int64_t otherwise) {
    auto found = entry.find(name.str());
    return found == entry.end() ? otherwise : found->second;
  };
  GemmConfig changed = config;
  changed.tileM = read("tile_m", 0);
  changed.tileN = read("tile_n", 0);
  int64_t splits = read("splits", 1), stages = read("stages", 0);
  if (!entry.count("tile_m") || !entry.count("tile_n"))
    return "expected numbers tile_m and tile_n";
  if (splits < 1 || splits > 8 || stages < 0 || stages > 64)
    return "expected splits of 1 to 8 and stages of 0 to 64";
  changed.splits = static_cast<unsigned>(splits);
  changed.stages = static_cast<unsigned>(stages);
  std::string reason = whyUnsupported(changed);
  if (reason.empty())
    config = changed;
  return reason;
}

/// False where there is no such part of an epilogue.
static bool addPart(GemmEpilogue &epilogue, StringRef part) {
  if (std::optional<Activation> activation = parseActivation(part)) {
    epilogue.activation = *activation;
    return true;
  }
  bool ignored = false;
  bool *flag = llvm::StringSwitch<bool *>(part)
                   .Case("gated", &epilogue.gated)
                   .Case("bias", &epilogue.bias)
                   .Case("scale", &epilogue.scale)
                   .Case("residual", &epilogue.residual)
                   .Case("table", &ignored)
                   .Default(nullptr);
  if (flag)
    *flag = true;
  epilogue.tableRows = ignored ? 1 : epilogue.tableRows;
  return flag;
}

namespace {

/// What a key names.
struct Product {
  int64_t capability = 0;
  GemmConfig config;
  std::optional<int64_t> rows; ///< none where they are open
};

} // namespace

/// Nothing for a text that is no key.
static std::optional<Product> parseKey(StringRef key) {
  llvm::SmallVector<StringRef> words, parts, sizes;
  key.split(words, ' ');
  int64_t capability = 0, rows = 0;
  if (words.size() != 4 || !words[0].consume_front("cuda-sm_") || words[0].getAsInteger(10, capability))
    return std::nullopt;
  GemmConfig config;
  const auto *element = llvm::find_if(elements, [&](const auto &known) { return known.second == words[1]; });
  words[2].split(parts, '+');
  words[3].split(sizes, 'x');
  if (element == std::end(elements) || parts.front() != "gemm" || sizes.size() != 3 ||
      (sizes[0] != "?" && (sizes[0].getAsInteger(10, rows) || rows < 0)) || sizes[1].getAsInteger(10, config.k) ||
      sizes[2].getAsInteger(10, config.n))
    return std::nullopt;
  for (StringRef part : llvm::drop_begin(parts))
    if (!addPart(config.epilogue, part))
      return std::nullopt;
  config.element = element->first;
  config.mmaSync = capability < 90;
  config.epilogue.output = Element::F32; // which takes most shared memory
  return Product{capability, config, sizes[0] == "?" ? std::nullopt : std::optional(rows)};
}

std::string vitc::vgpu::whyUnusable(StringRef key, const Tuning::Schedule &entry) {
  std::optional<Product> product = parseKey(key);
  if (!product)
    return "expected a key such as 'cuda-sm_90 bf16 gemm+bias+gelu 12608x768x3072'";
  // No product would ask for another spelling of the same.
  if (std::string spelling = tuningKey(product->capability, product->config, product->rows); spelling != key)
    return "expected the key '" + spelling + "'";
  return applySchedule(product->config, entry);
}

llvm::SmallVector<GemmConfig> vitc::vgpu::listAlternatives(const GemmConfig &config, int64_t rows, int64_t capability) {
  const Multiprocessors gpu = Multiprocessors::ofCapability(capability);
  llvm::SmallVector<GemmConfig> all = listSchedules(config, rows, gpu);
  int64_t height = INT64_MAX, width = INT64_MAX; // of the smallest tiles that hold all rows, all columns
  for (const GemmConfig &known : all) {
    height = known.tileM >= rows ? std::min(height, known.tileM) : height;
    width = known.tileN >= config.n ? std::min(width, known.tileN) : width;
  }
  llvm::erase_if(all, [&](const GemmConfig &known) {
    int64_t tiles = int64_t(llvm::divideCeil(rows, known.tileM) * llvm::divideCeil(config.n, known.tileN));
    return known.tileM > height || known.tileN > width || (known.splits > 1 && tiles >= gpu.count);
  });
  return all;
}
