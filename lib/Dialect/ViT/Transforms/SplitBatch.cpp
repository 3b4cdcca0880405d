#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace vitc::vit {
#define GEN_PASS_DEF_SPLITBATCHPASS
#include "vitc/Dialect/ViT/Transforms/Passes.h.inc"
} // namespace vitc::vit

using namespace mlir;
using namespace vitc;
using namespace vitc::vit;

/// How often a pass multiplies with a weight, in the mean of all, at least.
static constexpr int64_t leastReuse = 100;

/// Reading a weight from memory takes as long as so many multiplications: a layer with fewer a pass waits for its
/// weights.
static constexpr int64_t readTime = 40;

/// A profile lists the steps of all passes.
static constexpr int64_t mostPasses = 64;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<ShapedType>(value.getType()).getShape(); }

namespace {

/// Makes a function of a batch one of a part of it. Images stay the outermost part of the first dimension of whatever
/// depends on the inputs: such a dimension is divided, and every op must treat it as one that it only runs along.
class BatchSplitter {
public:
  BatchSplitter(func::FuncOp function, int64_t batch) : function(function), batch(batch) {}

  /// Whether the images of a batch do not meet in any op. To be asked before anything else.
  bool isSeparable();
  /// How often the function of a part is to run for the whole.
  int64_t choosePasses() const;
  void split(int64_t passes);

private:
  bool dependsOnInputs(Value value) const { return dependent.contains(value); }
  bool anyDepends(ValueRange values) const {
    return llvm::any_of(values, [&](Value value) { return dependsOnInputs(value); });
  }
  /// Whether a value's first dimension can be that of images.
  bool hasBatch(Value value) const {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.hasStaticShape() && type.getRank() > 0 && type.getDimSize(0) % batch == 0;
  }
  /// The operand runs along the images: it depends on the inputs, or is alike for all images.
  bool runsAlong(OpOperand &operand);
  bool runAlong(MutableArrayRef<OpOperand> operands) {
    return llvm::all_of(operands, [&](OpOperand &operand) { return runsAlong(operand); });
  }
  bool isAlike(Value value) const;
  bool checkOp(Operation *op);
  bool checkLinalg(linalg::LinalgOp op);
  bool checkAttention(AttentionOp op);
  bool checkSlice(OffsetSizeAndStrideOpInterface slice, int64_t wholeSize);

  Type divide(Type type) const;
  Value divideAlike(OpBuilder &builder, Value value);
  void divideSizes(Operation *op);

  func::FuncOp function;
  int64_t batch, passes = 1;
  DenseSet<Value> dependent;
  SetVector<OpOperand *> alike; ///< operands that do not depend on the inputs, yet have a dimension of images
};

} // namespace

/// The bytes of a constant's elements, of a splat those of one; empty where they cannot be told.
static ArrayRef<char> bytesOf(Attribute constant) {
  Type element = cast<ElementsAttr>(constant).getElementType();
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() < 8)
    return {};
  if (auto elements = dyn_cast<DenseElementsAttr>(constant))
    return elements.getRawData();
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant);
  return resource && resource.getRawHandle().getBlob() ? resource.getData() : ArrayRef<char>();
}

static bool isSplat(Attribute constant) {
  auto elements = dyn_cast<DenseElementsAttr>(constant);
  return elements && elements.isSplat();
}

/// Whether a value that does not depend on the inputs is the same for all images.
bool BatchSplitter::isAlike(Value value) const {
  if (Attribute constant; matchPattern(value, m_Constant(&constant))) {
    if (isSplat(constant))
      return true;
    ArrayRef<char> bytes = bytesOf(constant);
    return !bytes.empty() && bytes.drop_front(bytes.size() / batch) == bytes.drop_back(bytes.size() / batch);
  }
  Operation *producer = value.getDefiningOp();
  if (auto fill = dyn_cast_or_null<linalg::FillOp>(producer))
    return isAlike(fill.getDpsInitOperand(0)->get());
  if (auto broadcast = dyn_cast_or_null<linalg::BroadcastOp>(producer))
    return llvm::is_contained(broadcast.getDimensions(), 0) && isAlike(broadcast.getInit());
  return isa_and_nonnull<tensor::EmptyOp>(producer);
}

bool BatchSplitter::runsAlong(OpOperand &operand) {
  if (!hasBatch(operand.get()))
    return false;
  if (dependsOnInputs(operand.get()))
    return true;
  alike.insert(&operand);
  return isAlike(operand.get());
}

bool BatchSplitter::checkLinalg(linalg::LinalgOp op) {
  std::optional<unsigned> images;
  auto isFirst = [&](OpOperand &operand) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    auto dim = map.getNumResults() ? dyn_cast<AffineDimExpr>(map.getResult(0)) : AffineDimExpr(nullptr);
    if (!dim || images.value_or(dim.getPosition()) != dim.getPosition())
      return false;
    images = dim.getPosition();
    return true;
  };
  auto uses = [&](ArrayRef<AffineExpr> results) {
    return llvm::any_of(results, [&](AffineExpr result) { return result.isFunctionOfDim(*images); });
  };
  for (OpOperand &init : op.getDpsInitsMutable())
    if (!isFirst(init) || !runsAlong(init))
      return false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    bool along = uses(map.getResults());
    if (along != dependsOnInputs(input->get()) && !along)
      return false; // depends on the inputs in another dimension
    if (along && (!isFirst(*input) || uses(map.getResults().drop_front()) || !runsAlong(*input)))
      return false;
  }
  if (op.getIteratorTypesArray()[*images] != utils::IteratorType::parallel)
    return false;
  // Nor may the body tell the images apart, or read a tensor where it likes.
  WalkResult looked = op->getRegion(0).walk([&](Operation *inner) {
    auto index = dyn_cast<linalg::IndexOp>(inner);
    bool looks = (index && index.getDim() == *images) ||
                 llvm::any_of(inner->getOperandTypes(), [](Type type) { return isa<ShapedType>(type); });
    return looks ? WalkResult::interrupt() : WalkResult::advance();
  });
  return !looked.wasInterrupted();
}

bool BatchSplitter::checkAttention(AttentionOp op) {
  size_t rank = shapeOf(op.getQuery()).size();
  if (rank < 4)
    return false; // the first dimension is that of tokens
  for (OpOperand &operand : op->getOpOperands().take_front(3))
    if (!runsAlong(operand))
      return false;
  for (OpOperand &addend : op.getAddendsMutable()) {
    bool reachesImages = shapeOf(addend.get()).size() == rank && shapeOf(addend.get())[0] != 1;
    if (reachesImages ? !runsAlong(addend) : dependsOnInputs(addend.get()))
      return false;
  }
  return true;
}

/// A slice takes all of the first dimension, which `wholeSize` is the size of.
bool BatchSplitter::checkSlice(OffsetSizeAndStrideOpInterface slice, int64_t wholeSize) {
  return slice.getMixedSizes().size() && isConstantIntValue(slice.getMixedOffsets()[0], 0) &&
         isConstantIntValue(slice.getMixedSizes()[0], wholeSize) && isConstantIntValue(slice.getMixedStrides()[0], 1) &&
         slice.getSizes().empty();
}

bool BatchSplitter::checkOp(Operation *op) {
  if (!llvm::all_of(op->getResults(), [&](Value result) { return hasBatch(result); }))
    return false;
  auto onlyFirstDepends = [&] { return runsAlong(op->getOpOperand(0)) && !anyDepends(op->getOperands().drop_front()); };
  return TypeSwitch<Operation *, bool>(op)
      .Case<GeluOp, SiluOp, HardSwishOp, PatchEmbedOp, PatchifyOp, GatherRowsOp>(
          [&](auto) { return onlyFirstDepends(); })
      .Case<LayerNormOp, RmsNormOp, LayerScaleOp>(
          [&](auto) { return shapeOf(op->getOperand(0)).size() > 1 && onlyFirstDepends(); })
      .Case<LinearOp, ConvOp>([&](auto product) {
        return product.getExtras().empty() && shapeOf(product.getInput()).size() > 1 && onlyFirstDepends();
      })
      .Case([&](AssembleOp assemble) {
        return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
          return operand.get() == assemble.getPatches() ? runsAlong(operand) : !dependsOnInputs(operand.get());
        });
      })
      .Case([&](AttentionOp attention) { return checkAttention(attention); })
      .Case([&](linalg::LinalgOp linalg) { return checkLinalg(linalg); })
      .Case([&](linalg::SoftmaxOp softmax) { return softmax.getDimension() != 0 && runAlong(op->getOpOperands()); })
      .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp>([&](auto) { return onlyFirstDepends(); })
      .Case([&](tensor::ExtractSliceOp slice) {
        return checkSlice(slice, slice.getSourceType().getDimSize(0)) && !slice.getDroppedDims().test(0) &&
               onlyFirstDepends();
      })
      .Case([&](tensor::InsertSliceOp slice) {
        return checkSlice(slice, slice.getDestType().getDimSize(0)) &&
               slice.getSourceType().getRank() == slice.getDestType().getRank() &&
               runAlong(op->getOpOperands().take_front(2));
      })
      .Case([&](tensor::ConcatOp concat) { return concat.getDim() != 0 && runAlong(op->getOpOperands()); })
      .Case([&](tensor::PadOp pad) {
        return pad.getConstantPaddingValue() && isConstantIntValue(pad.getMixedLowPad()[0], 0) &&
               isConstantIntValue(pad.getMixedHighPad()[0], 0) && onlyFirstDepends();
      })
      .Default([&](Operation *) {
        return op->getNumRegions() == 0 && op->getNumResults() == 1 && OpTrait::hasElementwiseMappableTraits(op) &&
               runAlong(op->getOpOperands());
      });
}

bool BatchSplitter::isSeparable() {
  for (Value argument : function.getArguments()) {
    if (!hasBatch(argument) || shapeOf(argument)[0] != batch)
      return false;
    dependent.insert(argument);
  }
  for (Operation &op : function.front().without_terminator()) {
    SetVector<Value> used(op.operand_begin(), op.operand_end());
    op.walk([&](Operation *inner) { used.insert(inner->operand_begin(), inner->operand_end()); });
    if (!anyDepends(used.getArrayRef()))
      continue;
    if (!checkOp(&op))
      return false;
    dependent.insert(op.result_begin(), op.result_end());
  }
  return llvm::all_of(function.front().getTerminator()->getOperands(),
                      [&](Value result) { return dependsOnInputs(result); });
}

int64_t BatchSplitter::choosePasses() const {
  double products = 0, weights = 0;
  SmallVector<std::pair<double, double>> layers; // weights, and multiplications with each
  function->walk([&](Operation *op) {
    if (!isa<LinearOp, ConvOp, PatchEmbedOp>(op) || !dependsOnInputs(op->getResult(0)))
      return;
    double size = ShapedType::getNumElements(shapeOf(op->getOperand(1)));
    ArrayRef<int64_t> result = shapeOf(op->getResult(0));
    int64_t features = isa<ConvOp>(op) ? result[1] : result.back();
    double reuse = features ? static_cast<double>(ShapedType::getNumElements(result)) / features : 0;
    layers.push_back({size, reuse});
    weights += size;
    products += size * reuse;
  });
  if (weights == 0)
    return 1;
  // Reading those again that a pass waits for may take a twentieth of the time.
  auto waitsLittle = [&](int64_t count) {
    double waitedFor = 0;
    for (auto [size, reuse] : layers)
      waitedFor += reuse < count * readTime ? size : 0;
    return (count - 1) * waitedFor * readTime <= products / 20;
  };
  for (int64_t count = std::min(batch, mostPasses); count > 1; --count)
    if (batch % count == 0 && products / weights / count >= leastReuse && waitsLittle(count))
      return count;
  return 1;
}

Type BatchSplitter::divide(Type type) const {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape[0] /= passes;
  return tensor.clone(shape);
}

/// A value that is the same for all images, for those of a pass.
Value BatchSplitter::divideAlike(OpBuilder &builder, Value value) {
  auto type = cast<RankedTensorType>(divide(value.getType()));
  if (Attribute constant; matchPattern(value, m_Constant(&constant))) {
    if (isSplat(constant))
      return arith::ConstantOp::create(builder, value.getLoc(), cast<DenseElementsAttr>(constant).resizeSplat(type));
    ArrayRef<char> bytes = bytesOf(constant);
    auto part = DenseElementsAttr::getFromRawBuffer(type, bytes.take_front(bytes.size() / passes));
    return arith::ConstantOp::create(builder, value.getLoc(), part);
  }
  Operation *producer = value.getDefiningOp();
  if (isa<tensor::EmptyOp>(producer))
    return tensor::EmptyOp::create(builder, value.getLoc(), type.getShape(), type.getElementType());
  auto linalg = cast<linalg::LinalgOp>(producer);
  IRMapping mapping;
  Value init = linalg.getDpsInitOperand(0)->get();
  mapping.map(init, divideAlike(builder, init));
  Operation *copy = builder.clone(*producer, mapping);
  copy->getResult(0).setType(type);
  return copy->getResult(0);
}

/// What an op says of its first dimension beside its types.
void BatchSplitter::divideSizes(Operation *op) {
  auto divideFirst = [&](ArrayRef<int64_t> sizes) {
    SmallVector<int64_t> divided(sizes);
    divided[0] /= passes;
    return divided;
  };
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    slice.setStaticSizes(divideFirst(slice.getStaticSizes()));
  if (auto slice = dyn_cast<tensor::InsertSliceOp>(op))
    slice.setStaticSizes(divideFirst(slice.getStaticSizes()));
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    expand.setStaticOutputShape(divideFirst(expand.getStaticOutputShape()));
}

void BatchSplitter::split(int64_t count) {
  passes = count;
  for (OpOperand *operand : alike) {
    OpBuilder builder(operand->getOwner());
    operand->set(divideAlike(builder, operand->get()));
  }
  for (Value argument : function.getArguments())
    argument.setType(divide(argument.getType()));
  for (Operation &op : function.front().without_terminator())
    if (op.getNumResults() && dependsOnInputs(op.getResult(0))) {
      divideSizes(&op);
      for (Value result : op.getResults())
        result.setType(divide(result.getType()));
    }
  Operation *end = function.front().getTerminator();
  function.setFunctionType(
      FunctionType::get(function.getContext(), function.front().getArgumentTypes(), end->getOperandTypes()));
  function->setAttr(passesAttrName, Builder(function.getContext()).getI64IntegerAttr(passes));
}

namespace {

struct SplitBatchPass final : vitc::vit::impl::SplitBatchPassBase<SplitBatchPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.isPublic() || !function.getBody().hasOneBlock() || function.getNumArguments() == 0)
      return;
    auto first = dyn_cast<RankedTensorType>(function.getArgumentTypes()[0]);
    if (!first || first.getRank() < 2 || first.isDynamicDim(0) || first.getDimSize(0) < 2)
      return;
    BatchSplitter splitter(function, first.getDimSize(0));
    if (!splitter.isSeparable())
      return;
    int64_t passes = splitter.choosePasses();
    if (passes > 1)
      splitter.split(passes);
  }
};

} // namespace
