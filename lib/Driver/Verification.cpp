#include "Verification.h"
#include "Diagnostics.h"
#include "HostLibrary.h"
#include "StageRunner.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "vitc/Dialect/ONNX/Transforms/Passes.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/MapVector.h"

#include <cmath>

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

static bool isFloatTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

/// Each node's op of floats, by its name; the last of several that one node became.
static llvm::MapVector<StringRef, Operation *> findNodes(func::FuncOp graph) {
  llvm::MapVector<StringRef, Operation *> nodes;
  for (Operation &op : graph.front().without_terminator())
    if (auto name = dyn_cast<NameLoc>(op.getLoc()))
      if (op.getNumOperands() > 0 && op.getNumResults() > 0 && isFloatTensor(op.getResult(0)))
        nodes[name.getName()] = &op;
  return nodes;
}

/// The last node of the graph among those an op was made from: the one whose value it computes.
static Operation *findLastNode(Location loc, const llvm::MapVector<StringRef, Operation *> &nodes) {
  Operation *last = nullptr;
  loc->walk([&](Location part) {
    auto name = dyn_cast<NameLoc>(part);
    Operation *node = name ? nodes.lookup(name.getName()) : nullptr;
    if (node && (!last || last->isBeforeInBlock(node)))
      last = node;
    return WalkResult::advance();
  });
  return last;
}

Tolerance vitc::driver::findTolerance(ModuleOp graph, Precision precision) {
  if (precision != Precision::FP32)
    return {.cosine = 0.9995};
  double tolerance = 1e-4;
  graph.walk([&](Operation *op) {
    bool quantizes =
        isa<onnx::DynamicQuantizeLinearOp, onnx::QLinearConvOp, onnx::QLinearMatMulOp, onnx::QuantizeLinearOp>(op);
    if (!quantizes && !isa<onnx::CastOp>(op))
      return;
    Type type = getElementTypeOrSelf(op->getResult(0).getType());
    auto format = dyn_cast<FloatType>(type);
    if (format && format.getWidth() < 32)
      tolerance = std::max(tolerance, std::ldexp(1.0, 1 - static_cast<int>(format.getFPMantissaWidth())));
    else if (quantizes)
      tolerance = std::max(tolerance, std::ldexp(1.0, 2 - static_cast<int>(type.getIntOrFloatBitWidth())));
  });
  return {tolerance, std::nullopt};
}

static func::FuncOp getMain(ModuleOp module) { return *module.getOps<func::FuncOp>().begin(); }

std::vector<std::string> vitc::driver::findVerifiedNodes(ModuleOp fused, ModuleOp graph) {
  llvm::MapVector<StringRef, Operation *> nodes = findNodes(getMain(graph));
  llvm::SetVector<Operation *> found;
  for (Operation &op : getMain(fused).front().without_terminator())
    if (op.getNumOperands() > 0)
      if (Operation *node = findLastNode(op.getLoc(), nodes))
        found.insert(node);
  std::vector<std::string> names;
  for (Operation *node : found)
    names.push_back(getNodeName(node->getLoc()));
  return names;
}

FailureOr<OwningOpRef<ModuleOp>> vitc::driver::returnNodes(ModuleOp graph, ArrayRef<std::string> names) {
  OwningOpRef<ModuleOp> copy(graph.clone());
  func::FuncOp function = getMain(*copy);
  // Kinds of tensors are none of the graph's.
  function->removeAttr(vit::tapsAttrName);
  function->removeAttr(vit::tapOnlyAttrName);
  llvm::MapVector<StringRef, Operation *> nodes = findNodes(function);
  Operation *end = function.front().getTerminator();
  SmallVector<Value> results(end->getOperands());
  SmallVector<DictionaryAttr> attributes;
  function.getAllResultAttrs(attributes);
  Builder builder(function.getContext());
  for (auto [index, name] : llvm::enumerate(names)) {
    results.push_back(nodes.lookup(name)->getResult(0));
    // Outputs may be called as nodes are: these have names of their own.
    NamedAttribute unique("vit.name", builder.getStringAttr("verify." + Twine(index)));
    attributes.push_back(builder.getDictionaryAttr(unique));
  }
  end->setOperands(results);
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(), TypeRange(ValueRange(results))));
  function.setAllResultAttrs(attributes);
  PassManager pm(function.getContext());
  pm.addNestedPass<func::FuncOp>(onnx::createInferShapesPass()); // for the new results' symbolic extents
  if (failed(pm.run(*copy)))
    return failure();
  return copy;
}

LogicalResult vitc::driver::writeReference(ModuleOp graph, TargetInfo target, StringRef path) {
  target.precision = Precision::FP32;
  return failure(failed(lowerUnfused(graph, target)) || failed(writeHostLibrary(graph, target, path)));
}

bool vitc::driver::hasTaps(ModuleOp graph) { return getMain(graph)->hasAttr(vit::tapsAttrName); }

LogicalResult vitc::driver::writeTaps(ModuleOp graph, TargetInfo target, StringRef path) {
  // What is said of taps that are left out was said when the library was made.
  ScopedDiagnosticHandler quiet(graph.getContext(), [](Diagnostic &diagnostic) {
    return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
  });
  target.precision = Precision::FP32;
  OwningOpRef<ModuleOp> copy(graph.clone());
  PassManager unfused(graph.getContext());
  buildUnfusedPipeline(unfused);
  return failure(failed(runStage(Stage::Linalg, *copy, target, nullptr)) ||
                 failed(runStage(Stage::ViT, *copy, target, nullptr)) || failed(unfused.run(*copy)) ||
                 failed(writeHostLibrary(*copy, target, path)));
}

LogicalResult vitc::driver::writeFused(ModuleOp graph, const TargetInfo &target, StringRef path) {
  for (Stage stage : {Stage::Linalg, Stage::ViT, Stage::Fused})
    if (failed(runStage(stage, graph, target, nullptr)))
      return failure();
  return writeHostLibrary(graph, target, path);
}
