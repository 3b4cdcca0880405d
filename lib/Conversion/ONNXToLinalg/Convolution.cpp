//===- Conv and ConvTranspose as vit.conv ---------------------------------===//

#include "Convolution.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::onnx;

/// vit.conv with a result of spatial extents `to`; a convolution of one dimension has a height of 1, and one of three
/// or more is loops.
static FailureOr<Tensor> build(Node &node, Convolution conv, AffineExpr filters, ExtentsRef to) {
  if (conv.window.getRank() > 2)
    return buildLoops(node, conv, filters, to);
  bool isOneDimensional = conv.window.getRank() == 1;
  Extents extents{conv.x.extents[0], filters};
  llvm::append_range(extents, to);
  if (isOneDimensional) {
    conv.x = node.addDims(conv.x, {2});
    conv.w = node.addDims(conv.w, {2});
    conv.window.addUnitDim();
    extents.insert(extents.begin() + 2, node.extent(1));
  }
  Value value = vitc::vit::ConvOp::create(node.builder, node.loc, node.getType(extents, conv.x.getElementType()),
                                          conv.x.value, conv.w.value, conv.bias, ValueRange(), conv.window.strides,
                                          conv.window.getPads(), conv.window.dilations, conv.groups, conv.transposed);
  Tensor y{value, extents};
  return isOneDimensional ? node.dropDims(y, {2}) : y;
}

/// The static extents of the kernel.
static FailureOr<SmallVector<int64_t>> getKernel(Node &node, const Tensor &w) {
  auto kernel = llvm::map_to_vector(ExtentsRef(w.extents).drop_front(2), getStaticExtent);
  if (llvm::is_contained(kernel, ShapedType::kDynamic))
    return node.refuse("the extents of its kernel are not static");
  return kernel;
}

static FailureOr<Tensor> convertConv(ConvOp op, Node &node) {
  Tensor x = node.get(op.getX()), w = node.get(op.getW());
  FailureOr<SmallVector<int64_t>> kernel = getKernel(node, w);
  if (failed(kernel))
    return failure();
  Extents to = node.getResultExtents();
  ExtentsRef space = ExtentsRef(to).drop_front(2);
  FailureOr<SlidingWindow> window = getWindow(op, node, *kernel, ExtentsRef(x.extents).drop_front(2), space);
  if (failed(window))
    return failure();
  Value bias = op.getB() ? node.get(op.getB()).value : Value();
  return build(node, {x, w, bias, *window, static_cast<int64_t>(op.getGroup()), /*transposed=*/false}, to[1], space);
}

/// Whether vit.conv has kernels for a transposed convolution: every phase of the stride reads some of the kernel.
static bool hasKernels(const SlidingWindow &window, ExtentsRef from) {
  bool isDense = llvm::all_of(window.dilations, [](int64_t dilation) { return dilation == 1; }) &&
                 llvm::all_of_zip(window.kernel, window.strides, std::greater_equal<int64_t>());
  bool isStatic = llvm::all_of(from, [](AffineExpr extent) { return isa<AffineConstantExpr>(extent); });
  return isDense && isStatic && window.getRank() <= 2;
}

/// The window of a transposed convolution. The padding after may be negative: `output_padding` adds rows and columns
/// there that no input element reaches.
static FailureOr<SlidingWindow> getTransposedWindow(ConvTransposeOp op, Node &node, ArrayRef<int64_t> kernel) {
  auto rank = static_cast<int64_t>(kernel.size());
  SlidingWindow window{SmallVector<int64_t>(kernel),
                       getOrDefault(op.getStrides(), rank, 1),
                       getOrDefault(op.getDilations(), rank, 1),
                       {},
                       {}};
  auto pads = getOrDefault(op.getPads(), 2 * rank, 0), more = getOrDefault(op.getOutputPadding(), rank, 0);
  StringRef mode = op.getAutoPad();
  bool isGiven = mode == "NOTSET" && op.getOutputShape().empty();
  // As they were inferred: of extents that a run makes equal, others may stand for these by now.
  SymbolicShape from = extentsOf(op.getX()), to = extentsOf(op.getY());
  for (int64_t dim = 0; dim < rank; ++dim) {
    Extent reached = (from[dim + 2] - 1) * window.strides[dim] + window.getReach(dim);
    std::optional<int64_t> cut = (reached - to[dim + 2]).asConstant();
    if (!cut)
      return node.refuse("its padding depends on a symbolic extent");
    int64_t total = *cut + more[dim];
    int64_t low = isGiven           ? pads[dim]
                  : mode == "VALID" ? 0
                                    : getLowPadding(std::max<int64_t>(total, 0), mode != "SAME_UPPER");
    window.low.push_back(low);
    window.high.push_back(total - more[dim] - low);
  }
  return window;
}

static FailureOr<Tensor> convertConvTranspose(ConvTransposeOp op, Node &node) {
  Tensor x = node.get(op.getX()), w = node.get(op.getW());
  FailureOr<SmallVector<int64_t>> kernel = getKernel(node, w);
  if (failed(kernel))
    return failure();
  Extents extents = node.getResultExtents();
  FailureOr<SlidingWindow> window = getTransposedWindow(op, node, *kernel);
  if (failed(window))
    return failure();
  auto groups = static_cast<int64_t>(op.getGroup());
  Value bias = op.getB() ? node.get(op.getB()).value : Value();
  ExtentsRef from = ExtentsRef(x.extents).drop_front(2);
  if (!hasKernels(*window, from)) {
    FailureOr<Convolution> plain = straighten(node, {x, w, bias, *window, groups, /*transposed=*/true});
    if (failed(plain))
      return failure();
    return build(node, *plain, extents[1], ExtentsRef(extents).drop_front(2));
  }
  SmallVector<int64_t> none(extents.size(), 0), after = none;
  Extents to(ExtentsRef(extents).drop_front(2));
  for (auto [dim, high] : llvm::enumerate(window->high)) {
    after[dim + 2] = std::max<int64_t>(-high, 0);
    to[dim] = node.symbols.simplify(to[dim] - after[dim + 2]);
    high = std::max<int64_t>(high, 0);
  }
  if (after == none)
    return build(node, {x, w, bias, *window, groups, /*transposed=*/true}, extents[1], to);
  // Only the bias is in what no input element reaches.
  FailureOr<Tensor> reached = build(node, {x, w, Value(), *window, groups, /*transposed=*/true}, extents[1], to);
  if (failed(reached))
    return failure();
  Tensor y = node.pad(*reached, none, after, getScalarAttr(0, reached->getElementType()));
  if (!bias)
    return y;
  auto spatial = llvm::to_vector(llvm::seq<int64_t>(1, extents.size() - 1));
  return node.elementwise(linalg::ElementwiseKind::add, {y, node.addDims(node.get(op.getB()), spatial)});
}

void vitc::onnx::populateConvolutionPatterns(NodePatterns &patterns) {
  patterns.add(convertConv);
  patterns.add(convertConvTranspose);
}
