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

static double getSeconds(const OpCost &cost, const TargetInfo &target) {
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

void CostReport::print(const target::Program &program, uint64_t weightBytes, llvm::raw_ostream &os) const {
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
  os << "\nweights in the library: " << weightBytes << " bytes, packed, for all levels\n";
  for (const target::Function &function : program.functions)
    for (const target::Variant &variant : function.variants)
      os << "memory of a session, " << variant.target.level << ": " << target::peakOfLiveBytes(variant).print({})
         << " bytes alive at once, " << variant.scratchBytes.print({}) << " bytes of scratch a thread\n";
  for (const TargetInfo &target : targets)
    os << llvm::formatv("times, {0}: one thread at {1:F1} GHz, {2} FMAs of {3} floats a cycle, weights at {4:F0} GB/s, "
                        "other traffic at {5:F0} GB/s; views and copies between kernels are not counted\n",
                        target.level, target.hertz / 1e9, target.fmasPerCycle, target.lanes(sizeof(float)),
                        target.memoryBytesPerSecond / 1e9, target.cacheBytesPerSecond / 1e9);
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
