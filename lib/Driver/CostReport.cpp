#include "CostReport.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Report.h"
#include "vitc/Support/PrintableText.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

OpCost &OpCost::operator+=(const OpCost &other) {
  ops += other.ops;
  macs += other.macs;
  weightBytes += other.weightBytes;
  activationBytes += other.activationBytes;
  seconds.resize(other.seconds.size());
  for (auto [sum, value] : llvm::zip(seconds, other.seconds))
    sum += value;
  return *this;
}

static int64_t getBytes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape())
    return 0;
  return type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

namespace {

/// What a data sheet promises of dense products, a second.
struct Peak {
  int64_t capability;
  const char *gpu;
  double tensorMacs, macs, memoryBytes;
};

} // namespace

static constexpr Peak kPeaks[] = {{90, "H100 SXM", 494.7e12, 33.5e12, 3.35e12},
                                  {89, "L40S", 181e12, 45.8e12, 0.864e12},
                                  {80, "A100 SXM 80 GB", 156e12, 9.75e12, 2.04e12}};

static const Peak &findPeak(const TargetInfo &target) {
  return *llvm::find_if(kPeaks, [&](const Peak &peak) { return peak.capability <= target.gpuCapability; });
}

static double macsPerSecond(const Peak &peak, const TargetInfo &target) {
  return target.hasTensorKernels() ? peak.tensorMacs : peak.macs;
}

static double getSeconds(const OpCost &cost, const TargetInfo &target) {
  if (target.isGPU()) {
    const Peak &peak = findPeak(target);
    return std::max(cost.macs / macsPerSecond(peak, target),
                    (cost.weightBytes + cost.activationBytes) / peak.memoryBytes);
  }
  double products = cost.macs / target.productsPerSecond();
  double weightBytes = cost.weightBytes * static_cast<double>(target.weightBytes()) / sizeof(float);
  double memory = weightBytes / target.memoryBytesPerSecond + cost.activationBytes / target.cacheBytesPerSecond;
  return std::max(products, memory);
}

/// What an op reads: its operands, but for the tensors that results are only written to.
static SmallVector<Value> getRead(Operation *op) {
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return structured.getDpsInputs();
  return op->getOperands();
}

static OpCost measure(Operation *op, ArrayRef<TargetInfo> targets) {
  OpCost cost;
  cost.ops = 1;
  cost.macs = countMacsOf(op);
  for (Value value : getRead(op)) {
    Operation *producer = value.getDefiningOp();
    bool isWeight = producer && producer->hasTrait<OpTrait::ConstantLike>();
    (isWeight ? cost.weightBytes : cost.activationBytes) += getBytes(value);
  }
  for (Value result : op->getResults())
    cost.activationBytes += getBytes(result);
  cost.activationBytes *= vit::countPasses(op);
  for (const TargetInfo &target : targets)
    cost.seconds.push_back(getSeconds(cost, target));
  return cost;
}

CostReport::CostReport(ModuleOp module, ArrayRef<TargetInfo> targets) : targets(targets) {
  total.seconds.resize(targets.size());
  for (auto function : module.getOps<func::FuncOp>())
    for (Operation &op : function.front()) {
      if (!isa<vit::CostInterface, linalg::LinalgOp>(op))
        continue;
      ListedOp &listed = ops.emplace_back();
      listed.kind = op.getName().getStringRef();
      listed.cost = measure(&op, targets);
      for (StringRef name : nodeNames(op.getLoc()))
        listed.nodes.push_back(name.str());
      kinds[listed.kind] += listed.cost;
      total += listed.cost;
    }
}

/// "/blocks.0/mlp/fc1/MatMul +2": the main node, in at most 48 columns, and how many others the op computes.
static std::string describeNodes(ArrayRef<std::string> nodes) {
  if (nodes.empty())
    return "-";
  std::string others = nodes.size() > 1 ? " +" + std::to_string(nodes.size() - 1) : "";
  return printable(nodes.front(), 48 - others.size()) + others;
}

static void printHeader(llvm::raw_ostream &os, ArrayRef<TargetInfo> targets) {
  os << llvm::formatv(" {0,14} {1,12} {2,12}", "MACs", "weights B", "traffic B");
  for (const TargetInfo &target : targets)
    os << llvm::formatv(" {0,12}", target.level + " ms");
  os << '\n';
}

static void printRow(llvm::raw_ostream &os, const OpCost &cost) {
  os << llvm::formatv(" {0,14} {1,12} {2,12}", cost.macs, cost.weightBytes, cost.activationBytes);
  for (double seconds : cost.seconds)
    os << llvm::formatv(" {0,12:F3}", seconds * 1e3);
  os << '\n';
}

void CostReport::printCosts(llvm::raw_ostream &os) const {
  os << llvm::formatv("{0,-20} {1,5}", "kind", "ops");
  printHeader(os, targets);
  for (const auto &[kind, cost] : kinds) {
    os << llvm::formatv("{0,-20} {1,5}", kind, cost.ops);
    printRow(os, cost);
  }
  os << llvm::formatv("{0,-20} {1,5}", "total", total.ops);
  printRow(os, total);
  os << llvm::formatv("\n{0,-20} {1,-48}", "op", "node");
  printHeader(os, targets);
  for (const ListedOp &op : ops) {
    os << llvm::formatv("{0,-20} {1,-48}", op.kind, describeNodes(op.nodes));
    printRow(os, op.cost);
  }
}

/// The memory of a session. Where one dimension is open, as much as usual batches need.
static void printMemory(const target::Function &function, llvm::raw_ostream &os) {
  SmallVector<StringRef> names =
      llvm::map_to_vector(function.symbols, [](auto &symbol) { return StringRef(symbol.name); });
  for (const target::Variant &variant : function.variants) {
    os << "memory of a session, " << variant.target.level << ": " << target::peakOfLiveBytes(variant).print(names)
       << " bytes alive at once, " << variant.scratchBytes.print(names) << " bytes of scratch a thread\n";
    for (int64_t extent : {1, 8, 64, 256})
      if (function.symbols.size() == 1)
        os << llvm::formatv("  {0} {1,3}: {2,12} bytes\n", names.front(), extent,
                            target::peakOfLiveBytes(variant, SmallVector<int64_t>(target::maxSymbols, extent)));
  }
}

void CostReport::printRates(llvm::raw_ostream &os) const {
  for (const TargetInfo &target : targets)
    if (target.isGPU())
      os << llvm::formatv(
          "times, {0}: the peaks of the data sheet of the {1}, {2:F1} T multiplications a second, memory at "
          "{3:F0} GB/s; views and copies between kernels are not counted\n",
          target.level, findPeak(target).gpu, macsPerSecond(findPeak(target), target) / 1e12,
          findPeak(target).memoryBytes / 1e9);
    else
      os << llvm::formatv(
          "times, {0}: one thread at {1:F1} GHz, {2} FMAs of {3} floats a cycle, weights at {4:F0} GB/s, "
          "other traffic at {5:F0} GB/s; plain products; views and copies between kernels are not counted\n",
          target.level, target.hertz / 1e9, target.fmasPerCycle, target.lanes(sizeof(float)),
          target.memoryBytesPerSecond / 1e9, target.cacheBytesPerSecond / 1e9);
}

void CostReport::print(const target::Program &program, uint64_t weightBytes, llvm::raw_ostream &os) const {
  if (openShape.empty())
    printCosts(os);
  else
    os << "costs are counted where all sizes are given, by --shape " << openShape << '\n';
  os << "\nweights in the library: " << weightBytes << " bytes, packed, for all levels\n";
  for (const target::Function &function : program.functions)
    printMemory(function, os);
  if (openShape.empty())
    printRates(os);
}

std::optional<std::string> vitc::driver::findOpenShape(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    for (BlockArgument argument : function.getArguments()) {
      auto type = cast<RankedTensorType>(argument.getType());
      if (type.hasStaticShape())
        continue;
      auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "vit.name");
      auto extents = llvm::map_range(type.getShape(), [](int64_t extent) {
        return ShapedType::isDynamic(extent) ? std::string("?") : std::to_string(extent);
      });
      return name.str() + "=" + llvm::join(extents, "x");
    }
  return std::nullopt;
}
