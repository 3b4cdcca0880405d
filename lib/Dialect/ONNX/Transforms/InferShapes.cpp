#include "vitc/Dialect/ONNX/Transforms/Passes.h"

#include "ControlFlow.h"
#include "Requirements.h"
#include "Signature.h"
#include "vitc/Dialect/ONNX/IR/Arguments.h"
#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

namespace vitc::onnx {
#define GEN_PASS_DEF_INFERSHAPESPASS
#include "vitc/Dialect/ONNX/Transforms/Passes.h.inc"
} // namespace vitc::onnx

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// Verifies the op now that its operands are ranked; what its result types say so far plays no part.
static LogicalResult verifyOperands(Operation *op) {
  auto stated = llvm::to_vector(op->getResultTypes());
  for (Value result : op->getResults())
    result.setType(UnrankedTensorType::get(getElementTypeOrSelf(result.getType())));
  LogicalResult verified = verify(op, /*verifyRecursively=*/false);
  for (auto [result, type] : llvm::zip_equal(op->getResults(), stated))
    result.setType(type);
  return verified;
}

/// No extent is negative, and static ones hold at most 2⁴⁸ elements: sizes in bytes can't overflow. Passes work on
/// dimensions one by one, often each with all others, and on every part of a symbolic extent.
static LogicalResult checkShape(Operation *op, const SymbolicShape &shape) {
  if (shape.size() > mostDimensions)
    return op->emitOpError() << "expected at most " << mostDimensions << " dimensions, got " << shape.size();
  int64_t count = 1;
  for (const Extent &extent : shape) {
    if (extent.isTooLarge())
      return op->emitOpError() << "expected extents that few operations on named dimensions give, got " << extent.str();
    int64_t least = extent.asConstant().value_or(1);
    if (least < 0 || llvm::MulOverflow(count, std::max<int64_t>(least, 1), count) || count > (int64_t(1) << 48))
      return op->emitOpError() << "expected extents of at most 2^48 elements, none of them negative, got "
                               << str(shape);
  }
  return success();
}

/// Sets the types of the results.
static LogicalResult inferTypes(Operation *op, ShapeEnv &env) {
  auto inference = dyn_cast<ShapeInferenceOpInterface>(op);
  if (!inference)
    return op->emitOpError() << "expected an operator with shape inference";
  SmallVector<SymbolicShape> shapes;
  // A constant's type is that of its value.
  if (!isa<ConstantOp>(op) && failed(verifyOperands(op)))
    return failure();
  if (failed(requireOperands(op, env)) || failed(inference.inferShapes(env, shapes)))
    return failure();
  for (auto [result, shape] : llvm::zip_equal(op->getResults(), shapes)) {
    if (failed(checkShape(op, shape)))
      return failure();
    requirePositive(op, env, shape);
    result.setType(getTensorType(shape, getElementTypeOrSelf(result.getType())));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Contents
//===----------------------------------------------------------------------===//

/// Follows shape arithmetic: records what the results hold, and replaces the op where all of that is constant.
static void evaluate(Operation *op, ShapeEnv &env, IRRewriter &rewriter) {
  auto arithmetic = dyn_cast<ShapeArithmeticOpInterface>(op);
  auto isSmall = [](Type type) { return SmallTensor::admits(cast<RankedTensorType>(type)); };
  if (!arithmetic || !llvm::all_of(op->getResultTypes(), isSmall))
    return;
  SmallVector<SmallTensor> contents;
  if (failed(arithmetic.evaluate(env, contents)))
    return;
  auto isTooLarge = [](const Element &element) {
    std::optional<Extent> extent = element.asExtent();
    return extent && extent->isTooLarge();
  };
  if (llvm::any_of(contents,
                   [&](const SmallTensor &content) { return llvm::any_of(content.getElements(), isTooLarge); }))
    return; // not known
  auto attributes = llvm::map_to_vector(contents, [](const SmallTensor &tensor) { return tensor.toAttribute(); });
  if (llvm::is_contained(attributes, nullptr)) {
    for (auto [result, content] : llvm::zip_equal(op->getResults(), contents))
      env.set(result, std::move(content));
    return;
  }
  rewriter.setInsertionPoint(op);
  rewriter.replaceOp(op, llvm::map_to_vector(attributes, [&](ElementsAttr value) -> Value {
                       return ConstantOp::create(rewriter, op->getLoc(), value);
                     }));
}

//===----------------------------------------------------------------------===//
// Operands that state shapes
//===----------------------------------------------------------------------===//

static bool isSymbolic(Value operand, ShapeEnv &env) {
  const SmallTensor *contents = env.contents(operand);
  return contents && !contents->toAttribute();
}

/// The bound of a slice as a constant: counted from the end where it is symbolic, the end itself the largest number.
static std::optional<int64_t> asConstantIndex(const Extent &position, const Extent &extent) {
  if (position.isConstant())
    return position.asConstant();
  if (position == extent)
    return std::numeric_limits<int64_t>::max();
  std::optional<int64_t> fromEnd = (position - extent).asConstant();
  return fromEnd && *fromEnd < 0 ? fromEnd : std::nullopt;
}

/// The part of `data` that begins at `offsets` and is as large as the result.
static Value sliceSymbolically(OpBuilder &builder, Value data, const SymbolicShape &offsets, ArrayRef<int64_t> steps,
                               Value result) {
  auto dims = cast<vitc::vit::DimsAttr>(getDimsAttr(offsets, builder.getContext()));
  return SymbolicSliceOp::create(builder, result.getLoc(), result.getType(), data, dims.getSymbols(), dims.getMap(),
                                 builder.getDenseI64ArrayAttr(steps));
}

/// Symbolic starts and ends, of a slice by positive steps, that are constant when counted from the end stay a Slice.
static void settleSlice(SliceOp op, ShapeEnv &env, IRRewriter &rewriter) {
  FailureOr<SmallVector<SliceRange>> ranges = getSliceRanges(op, env);
  if (failed(ranges))
    return;
  SymbolicShape offsets(llvm::map_range(*ranges, [](const SliceRange &range) { return range.start; }));
  auto steps = llvm::map_to_vector(*ranges, [](const SliceRange &range) { return range.step; });
  SmallVector<int64_t> starts, ends;
  for (auto [range, extent] : llvm::zip_equal(*ranges, extentsOf(op.getData()))) {
    std::optional<int64_t> start = asConstantIndex(range.start, extent), end = asConstantIndex(range.end, extent);
    if (!start || !end || range.step < 0) {
      rewriter.replaceOp(op, sliceSymbolically(rewriter, op.getData(), offsets, steps, op.getResult()));
      return;
    }
    starts.push_back(*start);
    ends.push_back(*end);
  }
  auto type = RankedTensorType::get(static_cast<int64_t>(starts.size()), rewriter.getI64Type());
  auto constant = [&](ArrayRef<int64_t> values) -> Value {
    return ConstantOp::create(rewriter, op.getLoc(), DenseIntElementsAttr::get(type, values));
  };
  rewriter.replaceOpWithNewOp<SliceOp>(op, op.getType(), op.getData(), constant(starts), constant(ends),
                                       constant(llvm::to_vector(llvm::seq<int64_t>(0, starts.size()))),
                                       constant(steps));
}

/// Symbolic lengths: none are stated where all parts are equal, else every part is a slice.
static void settleSplit(SplitOp op, IRRewriter &rewriter) {
  if (llvm::all_equal(op.getResultTypes())) {
    op.getSplitMutable().clear();
    return;
  }
  SymbolicShape offsets(extentsOf(op.getInput()).size());
  Extent &offset = offsets[fromFront(op.getAxis(), offsets.size())];
  SmallVector<int64_t> steps(offsets.size(), 1);
  SmallVector<Value> parts;
  for (Value part : op.getResults()) {
    parts.push_back(sliceSymbolically(rewriter, op.getInput(), offsets, steps, part));
    offset = offset + extentsOf(part)[fromFront(op.getAxis(), offsets.size())];
  }
  rewriter.replaceOp(op, parts);
}

/// Symbolic pads: those after are what the result type leaves.
static void settlePad(PadOp op, ShapeEnv &env, IRRewriter &rewriter) {
  SymbolicShape offsets = readPads(op, env)->before;
  auto dims = cast<vitc::vit::DimsAttr>(getDimsAttr(offsets, rewriter.getContext()));
  rewriter.replaceOpWithNewOp<SymbolicPadOp>(op, op.getType(), op.getData(), op.getConstantValue(), dims.getSymbols(),
                                             dims.getMap(), op.getModeAttr());
}

/// Symbolic sizes that keep an axis as it is: the other axes are stated alone, where they are constant. Else the result
/// type states all.
static void settleResize(ResizeOp op, ShapeEnv &env, IRRewriter &rewriter) {
  std::optional<SymbolicShape> sizes = env.contents(op.getSizes())->asExtents();
  if (!sizes || op.getRoi() || op.getKeepAspectRatioPolicy() != "stretch")
    return;
  SymbolicShape extents = extentsOf(op.getX());
  SmallVector<int64_t> axes(op.getAxes()), resizedAxes, resizedSizes;
  if (axes.empty())
    axes = llvm::to_vector(llvm::seq<int64_t>(0, extents.size()));
  for (auto [axis, size] : llvm::zip_equal(axes, *sizes)) {
    if (size == extents[fromFront(axis, extents.size())])
      continue;
    resizedAxes.push_back(axis);
    if (size.isConstant())
      resizedSizes.push_back(*size.asConstant());
  }
  if (resizedAxes.empty() || resizedSizes.size() != resizedAxes.size()) {
    op.getSizesMutable().clear();
    return;
  }
  auto type = RankedTensorType::get(static_cast<int64_t>(resizedSizes.size()), rewriter.getI64Type());
  auto constant = ConstantOp::create(rewriter, op.getLoc(), DenseIntElementsAttr::get(type, resizedSizes));
  op.setAxes(resizedAxes);
  op.getSizesMutable().assign(constant);
}

/// What states the shape, where it leads to the op that computes an extent in it (see isKeptForExtents).
static Value keepForExtents(Operation *op, Value target) {
  return hasComputedExtents(op->getResult(0).getType()) ? target : Value();
}

/// A tensor of one value and symbolic shape is an Expand of a scalar.
static void settleConstantOfShape(ConstantOfShapeOp op, IRRewriter &rewriter) {
  auto type = RankedTensorType::get({}, getElementTypeOrSelf(op.getType()));
  Attribute element = rewriter.getZeroAttr(type.getElementType());
  if (auto value = dyn_cast_or_null<DenseElementsAttr>(op.getValueAttr()))
    element = value.getSplatValue<Attribute>();
  auto scalar = ConstantOp::create(rewriter, op.getLoc(), DenseElementsAttr::get(type, element));
  rewriter.replaceOpWithNewOp<ExpandOp>(op, op.getType(), scalar, keepForExtents(op, op.getInput()));
}

/// A Tile by symbolic repeats broadcasts (a, b) as (a, 1, b, 1) to (a · s, b · t); of extents of 1 it is an Expand.
static void settleTile(TileOp op, ShapeEnv &env, IRRewriter &rewriter) {
  Type element = getElementTypeOrSelf(op.getType());
  SymbolicShape separate, repeated;
  for (auto [repeat, extent] : llvm::zip_equal(*env.contents(op.getRepeats())->asExtents(), extentsOf(op.getInput()))) {
    if (repeat != Extent(1) && extent != Extent(1)) {
      separate.push_back(1);
      repeated.push_back(repeat);
    }
    separate.push_back(extent);
    repeated.push_back(extent == Extent(1) ? repeat : extent);
  }
  if (separate.size() == extentsOf(op.getInput()).size()) {
    rewriter.replaceOpWithNewOp<ExpandOp>(op, op.getType(), op.getInput(), keepForExtents(op, op.getRepeats()));
    return;
  }
  if (hasComputedExtents(op.getType()))
    return;
  Value parts =
      ReshapeOp::create(rewriter, op.getLoc(), getTensorType(separate, element), op.getInput(), /*shape=*/Value());
  Value copies = ExpandOp::create(rewriter, op.getLoc(), getTensorType(repeated, element), parts, /*shape=*/Value());
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), copies, /*shape=*/Value());
}

/// Removes operands that state, symbolically, what the result types say by now.
static void settleOperands(Operation *op, ShapeEnv &env, IRRewriter &rewriter) {
  rewriter.setInsertionPoint(op);
  llvm::TypeSwitch<Operation *>(op)
      .Case([](ReshapeOp reshape) { reshape.getShapeMutable().clear(); })
      .Case([](ExpandOp expand) {
        if (!isKeptForExtents(expand, expand.getShape()))
          expand.getShapeMutable().clear();
      })
      .Case([&](AffineGridOp grid) {
        if (grid.getSize() && isSymbolic(grid.getSize(), env))
          grid.getSizeMutable().clear();
      })
      .Case([&](RangeOp range) {
        if (range.getLimit() && isSymbolic(range.getLimit(), env) && !isKeptForExtents(range, range.getLimit()))
          range.getLimitMutable().clear();
      })
      .Case([&](ResizeOp resize) {
        if (isSymbolic(resize.getSizes(), env))
          settleResize(resize, env, rewriter);
      })
      .Case([&](PadOp pad) {
        if (isSymbolic(pad.getPads(), env))
          settlePad(pad, env, rewriter);
      })
      .Case([&](SplitOp split) {
        if (isSymbolic(split.getSplit(), env))
          settleSplit(split, rewriter);
      })
      .Case([&](SliceOp slice) {
        if (!getComputedExtent(slice) && (isSymbolic(slice.getStarts(), env) || isSymbolic(slice.getEnds(), env)))
          settleSlice(slice, env, rewriter);
      })
      .Case([&](ConstantOfShapeOp constant) {
        if (isSymbolic(constant.getInput(), env))
          settleConstantOfShape(constant, rewriter);
      })
      .Case([&](TileOp tile) {
        if (isSymbolic(tile.getRepeats(), env))
          settleTile(tile, env, rewriter);
      });
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Brings the types of arguments into the normal form.
static LogicalResult normalizeArguments(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    FailureOr<SymbolicShape> extents = getExtents(argument.getType());
    if (failed(extents))
      return function.emitOpError() << "expected arguments of known extents, got " << argument.getType();
    argument.setType(getTensorType(*extents, getElementTypeOrSelf(argument.getType())));
  }
  return success();
}

/// Infers the types of all ops, in order. Control flow is resolved on the way, so that a block may grow.
static LogicalResult inferOps(Block &body, ShapeEnv &env, IRRewriter &rewriter) {
  std::function<LogicalResult(Operation *, Operation *)> inferRange;
  ControlFlow control(env, rewriter, [&](Operation *first, Operation *end) { return inferRange(first, end); });
  inferRange = [&](Operation *first, Operation *end) -> LogicalResult {
    for (Operation *op = first, *next; op != end; op = next) {
      next = op->getNextNode();
      if (ControlFlow::handles(op)) {
        if (failed(control.resolve(op)))
          return failure();
      } else if (!isa<YieldOp>(op)) { // which holds values while control flow is resolved
        if (failed(inferTypes(op, env)))
          return failure();
        evaluate(op, env, rewriter);
      }
    }
    return success();
  };
  return inferRange(&body.front(), body.getTerminator());
}

namespace {
struct InferShapesPass final : vitc::onnx::impl::InferShapesPassBase<InferShapesPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    if (failed(inferBody(function)))
      signalPassFailure();
  }

  LogicalResult inferBody(func::FuncOp function) {
    if (!function.getBody().hasOneBlock())
      return function.emitOpError() << "expected one block";
    if (failed(normalizeArguments(function)))
      return failure();
    ShapeEnv env;
    IRRewriter rewriter(&getContext());
    Block &body = function.getBody().front();
    if (failed(inferOps(body, env, rewriter)))
      return failure();
    updateRequirements(function, env.getRequirements());
    // Users first: an operand's contents stay known until its own op changes, and dead arithmetic is not settled.
    for (Operation &op : llvm::make_early_inc_range(llvm::drop_begin(llvm::reverse(body)))) {
      if (isOpTriviallyDead(&op))
        rewriter.eraseOp(&op);
      else
        settleOperands(&op, env, rewriter);
    }
    updateSignature(function);
    return success();
  }
};
} // namespace
