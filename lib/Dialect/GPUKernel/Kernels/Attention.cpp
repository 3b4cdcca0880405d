#include "AttentionTiles.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vgpu;

/// Blocks for mma.sync.
static void chooseWarps(AttentionConfig &config) {
  config.mmaSync = true;
  // Of tf32 wide heads take twice the shared memory, and registers for queries.
  bool isLarge = config.element == Element::TF32 && std::max(config.headSize, config.valueSize) > 64;
  config.keysOfBlock = std::min<int64_t>(isLarge ? 32 : 64, llvm::alignTo(config.keys, 16));
  config.warpgroups = config.queries > 64 && !isLarge ? 2 : 1;
}

AttentionConfig vitc::vgpu::chooseAttention(Element element, int64_t queries, int64_t keys, int64_t headSize,
                                            double scale, int64_t biasBatches, AttentionTap tap, int64_t valueSize,
                                            bool mmaSync) {
  AttentionConfig config{element, queries, keys, headSize, scale};
  config.biasBatches = biasBatches;
  config.tap = tap;
  config.valueSize = valueSize;
  if (mmaSync) {
    chooseWarps(config);
  } else if (keys > 256) {
    // A thread of three consumers has 160 registers, which sums of wider heads and addresses of other tensors exceed;
    // both together exceed the 232 of two.
    bool hasOthers = biasBatches != 0 || tap != AttentionTap::None, isWide = std::max(headSize, valueSize) > 64;
    config.keysOfBlock = hasOthers && isWide ? 96 : 128;
    config.warpgroups = !hasOthers && !isWide && queries > 128 ? 3 : 2;
  }
  return config;
}

AttentionConfig vitc::vgpu::chooseAttend(Element element, int64_t queries, int64_t keys, int64_t valueSize,
                                         AttentionTap tap, bool mmaSync) {
  AttentionConfig config{element, queries, keys, valueSize};
  config.tap = tap;
  config.givenScores = true;
  if (mmaSync) {
    chooseWarps(config);
  } else if (keys > 256) {
    config.keysOfBlock = valueSize > 64 ? 96 : 128; // as with a bias
    config.warpgroups = 2;
  }
  return config;
}

int64_t vitc::vgpu::biasColumns(const AttentionConfig &config) {
  return llvm::alignTo(config.keys, AttentionLayout(config).keyRows);
}

static std::string whyUnsupportedByMmaSync(const AttentionConfig &config) {
  if (config.keysOfBlock < 16 || config.keysOfBlock > 64 || config.keysOfBlock % 16 != 0)
    return "blocks of a warp have 16 to 64 keys, a multiple of 16";
  if (config.warpgroups != 1 && config.warpgroups != 2)
    return "blocks have 4 or 8 warps";
  const int64_t piece = 16 / bytesOf(config.element);
  for (const AttentionConfig::Strides &strides :
       {config.strides.q, config.strides.k, config.strides.v, config.strides.o})
    if (strides.token % piece != 0 || strides.head % piece != 0 || strides.batch % piece != 0)
      return "tokens and heads begin at multiples of 16 bytes";
  if (AttentionLayout(config).end > mostSharedBytesBeforeHopper)
    return "queries, keys and values of a block do not fit into shared memory";
  return "";
}

std::string vitc::vgpu::whyUnsupported(const AttentionConfig &config) {
  if (config.queries <= 0 || config.keys <= 0 || config.scale <= 0)
    return "expected positive sizes and a positive scale";
  if (config.element == Element::F32 || (config.element == Element::TF32 && !config.mmaSync))
    return "elements are bf16 or f16, or of warps tf32";
  auto isHead = [](int64_t size) { return size >= 8 && size <= 128 && size % 8 == 0; };
  if (!isHead(config.headSize) || (config.valueSize != 0 && !isHead(config.valueSize)))
    return "heads have 8 to 128 elements, a multiple of 8";
  if (config.givenScores && (config.scale != 1 || config.biasBatches || config.tap == AttentionTap::Scores))
    return "given scores are neither scaled nor tapped, and have no bias";
  if (config.mmaSync)
    return whyUnsupportedByMmaSync(config);
  if (config.keysOfBlock == 0 && config.keys > 256)
    return "the one-shot kernel has at most 256 keys";
  if (config.keysOfBlock % 16 != 0 || config.keysOfBlock < 0 || config.keysOfBlock > 256)
    return "blocks have 16 to 256 keys, a multiple of 16";
  unsigned least = config.keysOfBlock ? 2 : 1, most = config.keysOfBlock ? 3 : 4;
  if (config.warpgroups < least || config.warpgroups > most)
    return "blocks have 1 to 4 warpgroups one-shot, 2 or 3 online";
  if (config.keysOfBlock && config.tap == AttentionTap::Probabilities)
    return "probabilities of blocks of keys are not known before the last: only scores are tapped";
  if (AttentionLayout(config).end > maxSharedBytes)
    return "queries, keys and values of a block do not fit into shared memory";
  return "";
}

LaunchPlan vitc::vgpu::planAttention(StringRef name, const AttentionConfig &config) {
  AttentionLayout layout(config);
  LaunchPlan plan;
  plan.kernel = name.str();
  plan.grid = {GridExtent{GridSize::Batch, int64_t(llvm::divideCeil(config.queries, 64 * config.warpgroups)), 1},
               GridExtent{GridSize::Heads, 1, 1}, GridExtent{}};
  bool isSpecialised = layout.online && !config.mmaSync;
  plan.block = {isSpecialised ? specialisedThreads(config.warpgroups) : 128 * config.warpgroups, 1, 1};
  plan.sharedBytes = layout.end;
  for (StringRef role : {"Q", "K", "V", "O"}) {
    if (config.givenScores && (role == "Q" || role == "K"))
      continue;
    if (config.mmaSync) {
      plan.addPointer(role.str());
      continue;
    }
    unsigned rows = role == "Q" || role == "O" ? 64 : layout.keyRows;
    plan.addTensorMap(role.str(), {config.element, {layout.columnElements, 1, rows, 1}, swizzleOf(layout.rowBytes)});
  }
  if (config.biasBatches)
    plan.addPointer("bias");
  if (config.givenScores)
    plan.addPointer("scores");
  if (config.tap != AttentionTap::None)
    plan.addPointer("tap");
  return plan;
}

LogicalResult vitc::vgpu::emitAttention(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name,
                                        const AttentionConfig &config) {
  if (std::string reason = whyUnsupported(config); !reason.empty())
    return module.emitError("expected an attention that a kernel can compute, got one where ") << reason;
  LaunchPlan plan = planAttention(name, config);
  NVVMEmitter emitter(builder, module, plan);
  AttentionTiles tiles(emitter, config);
  if (config.mmaSync)
    emitMmaSyncAttention(tiles);
  else if (tiles.layout.online)
    emitOnlineAttention(tiles);
  else
    emitOneShotAttention(tiles);
  return success();
}
