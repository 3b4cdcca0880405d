#include "ConstantFolding.h"
#include "ChildProcess.h"
#include "HostLibrary.h"

#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

/// Results may be this much larger than the constants they come from (bytes that become floats are), or this many bytes
/// where those are small.
static constexpr int64_t kGrowth = 4, kSmallBytes = 1 << 20;

static bool isConstant(Operation *op) { return op->hasTrait<OpTrait::ConstantLike>(); }

/// Reshapes and slices of constants, uninitialised and uniform tensors: nothing to compute.
static bool isTrivial(Operation *op) {
  return isConstant(op) ||
         isa<tensor::EmptyOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp, linalg::FillOp>(
             op);
}

static std::optional<int64_t> getStaticBytes(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape() || !tensor.getElementType().isIntOrFloat())
    return std::nullopt;
  return tensor.getNumElements() * llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
}

namespace {

/// The part of a function that depends on constants alone.
class ConstantSubgraph {
public:
  explicit ConstantSubgraph(func::FuncOp function) {
    for (Operation &op : function.front())
      if (isComputable(op))
        ops.insert(&op);
    for (Operation *op : ops)
      for (Value result : op->getResults())
        if (isRoot(op, result))
          roots.push_back(result);
  }

  ArrayRef<Value> getRoots() const { return roots; }

  /// A module whose `main` returns the roots.
  OwningOpRef<ModuleOp> extract() const {
    MLIRContext *context = roots.front().getContext();
    Location loc = roots.front().getLoc();
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
    auto function =
        func::FuncOp::create(builder, loc, "main", builder.getFunctionType({}, TypeRange(ValueRange(roots))));
    for (unsigned i = 0; i < roots.size(); ++i)
      function.setResultAttr(i, "vit.name", StringAttr::get(context, "result" + Twine(i)));
    builder.setInsertionPointToStart(function.addEntryBlock());
    llvm::DenseSet<Operation *> needed = collectNeeded();
    IRMapping mapping;
    for (Operation *op : ops)
      if (needed.contains(op))
        builder.clone(*op, mapping);
    SmallVector<Value> results;
    for (Value root : roots)
      results.push_back(mapping.lookup(root));
    func::ReturnOp::create(builder, loc, results);
    return module;
  }

private:
  bool isComputable(Operation &op) const {
    if (!isPure(&op) || op.getNumResults() == 0 || op.hasTrait<OpTrait::IsTerminator>())
      return false;
    auto known = [&](Value value) { return value.getDefiningOp() && ops.contains(value.getDefiningOp()); };
    if (!llvm::all_of(op.getOperands(), known))
      return false;
    bool closed = true;
    op.walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        closed &= op.isProperAncestor(operand.getParentBlock()->getParentOp()) ||
                  operand.getParentBlock()->getParentOp() == &op || known(operand);
    });
    return closed;
  }

  /// A result worth folding: computed, read by what is not constant, and no larger than it is worth.
  bool isRoot(Operation *op, Value result) const {
    std::optional<int64_t> bytes = getStaticBytes(result.getType());
    bool read = llvm::any_of(result.getUsers(), [&](Operation *user) { return !isInside(user); });
    return read && bytes && isComputed(op) && *bytes <= std::max(kSmallBytes, kGrowth * getInputBytes(op));
  }

  bool isInside(Operation *user) const {
    for (; user; user = user->getParentOp())
      if (ops.contains(user))
        return true;
    return false;
  }

  /// Whether anything but reshapes and slices stands between the constants and `op`.
  bool isComputed(Operation *op) const {
    if (!isTrivial(op))
      return true;
    return llvm::any_of(op->getOperands(), [&](Value operand) { return isComputed(operand.getDefiningOp()); });
  }

  /// What `op` reads, also from inside its regions.
  void forEachProducer(Operation *op, llvm::function_ref<void(Operation *)> body) const {
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        if (Operation *producer = operand.getDefiningOp(); producer && ops.contains(producer))
          body(producer);
    });
  }

  int64_t getInputBytes(Operation *root) const {
    llvm::SetVector<Operation *> slice;
    slice.insert(root);
    int64_t bytes = 0;
    for (unsigned i = 0; i < slice.size(); ++i) {
      Operation *op = slice[i];
      if (isConstant(op))
        bytes += getStaticBytes(op->getResult(0).getType()).value_or(0);
      forEachProducer(op, [&](Operation *producer) { slice.insert(producer); });
    }
    return bytes;
  }

  llvm::DenseSet<Operation *> collectNeeded() const {
    llvm::DenseSet<Operation *> needed;
    SmallVector<Operation *> worklist;
    for (Value root : roots)
      worklist.push_back(root.getDefiningOp());
    while (!worklist.empty()) {
      Operation *op = worklist.pop_back_val();
      if (!needed.insert(op).second)
        continue;
      forEachProducer(op, [&](Operation *producer) { worklist.push_back(producer); });
    }
    return needed;
  }

  llvm::SetVector<Operation *> ops;
  SmallVector<Value> roots;
};

} // namespace

/// Compiles an extracted module for this machine.
static LogicalResult compileForHost(ModuleOp module, StringRef path) {
  std::optional<TargetInfo> host = TargetInfo::get("host");
  PassManager pm(module.getContext());
  buildFusedPipeline(pm);
  return success(host && succeeded(pm.run(module)) && succeeded(writeHostLibrary(module, *host, path)));
}

/// A constant whose bytes stay in the memory that the child wrote.
static arith::ConstantOp createConstant(OpBuilder &builder, Value root, ArrayRef<char> bytes,
                                        std::shared_ptr<SharedMemory> memory) {
  AsmResourceBlob blob(
      bytes, /*dataAlignment=*/64, [memory](void *, size_t, size_t) mutable { memory.reset(); },
      /*dataIsMutable=*/false);
  auto type = cast<RankedTensorType>(root.getType());
  ElementsAttr value;
  if (type.getElementType().isInteger(1)) {
    // Booleans are bytes in memory but bits in the IR.
    SmallVector<bool> elements(bytes.begin(), bytes.end());
    value = DenseElementsAttr::get(type, elements);
  } else {
    value = DenseResourceElementsAttr::get(type, "folded", std::move(blob));
  }
  return arith::ConstantOp::create(builder, root.getLoc(), cast<TypedAttr>(value));
}

static LogicalResult foldFunction(func::FuncOp function) {
  ConstantSubgraph subgraph(function);
  ArrayRef<Value> roots = subgraph.getRoots();
  if (roots.empty())
    return success();
  TemporaryLibrary library;
  OwningOpRef<ModuleOp> extracted = subgraph.extract();
  if (failed(compileForHost(*extracted, library.getPath())))
    return function.emitError("constants could not be computed at compile time");
  SmallVector<int64_t> offsets;
  int64_t bytes = 0;
  for (Value root : roots) {
    offsets.push_back(bytes);
    bytes = llvm::alignTo(bytes + *getStaticBytes(root.getType()), 64);
  }
  std::shared_ptr<SharedMemory> memory = SharedMemory::allocate(bytes);
  if (!memory || failed(runInChild(library.getPath(), roots, offsets, *memory)))
    return success(); // the subgraph stays and is computed in every run
  OpBuilder builder(function.getContext());
  builder.setInsertionPointToStart(&function.front());
  for (auto [root, offset] : llvm::zip(llvm::to_vector(roots), offsets)) {
    ArrayRef<char> data(memory->data() + offset, *getStaticBytes(root.getType()));
    Value constant = createConstant(builder, root, data, memory);
    root.replaceAllUsesWith(constant);
  }
  return success();
}

LogicalResult vitc::driver::foldConstantSubgraphs(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(foldFunction(function)))
      return failure();
  return success();
}
