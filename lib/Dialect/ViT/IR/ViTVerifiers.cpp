// What the descriptions of the vit ops call (C1), (C2), ..: one check each, named op_cN.
#include "VerifyShapes.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::vit;
using namespace vitc::vit::detail;

LogicalResult LayerNormOp::verify() {
  RankedTensorType type = getInput().getType();
  if (type.getRank() == 0) // layer_norm_c1
    return emitOpError("expected an input with a channel dimension, got ") << type;
  int64_t channels = type.getShape().back();
  if (failed(verifyPerChannel(*this, "scale", getScale(), channels))) // layer_norm_c1
    return failure();
  return verifyPerChannel(*this, "bias", getBias(), channels); // layer_norm_c1
}

LogicalResult RmsNormOp::verify() {
  RankedTensorType type = getInput().getType();
  if (type.getRank() == 0) // rms_norm_c1
    return emitOpError("expected an input with a channel dimension, got ") << type;
  return verifyPerChannel(*this, "scale", getScale(), type.getShape().back()); // rms_norm_c1
}

LogicalResult LayerScaleOp::verify() {
  RankedTensorType type = getInput().getType();
  if (type.getRank() == 0) // layer_scale_c1
    return emitOpError("expected an input with a channel dimension, got ") << type;
  return verifyPerChannel(*this, "gamma", getGamma(), type.getShape().back()); // layer_scale_c1
}

/// The constraints that ops with an epilogue share.
template <typename OpT>
static LogicalResult verifyEpilogue(OpT op) {
  RankedTensorType type = op.getResult().getType();
  ArrayAttr maps = op.getExtraMaps();
  if (maps.size() != op.getExtras().size()) // linear_c2, conv_c4
    return op.emitOpError("expected one index map for each of ")
           << op.getExtras().size() << " extras, got " << maps.size();
  for (auto [extra, attr] : llvm::zip(op.getExtras(), maps)) {
    AffineMap map = cast<AffineMapAttr>(attr).getValue();
    int64_t rank = cast<RankedTensorType>(extra.getType()).getRank();
    if (map.getNumDims() != type.getRank() || map.getNumSymbols() != 0 ||
        map.getNumResults() != rank) // linear_c2, conv_c4
      return op.emitOpError("expected an index map from ")
             << type.getRank() << " dimensions to " << rank << ", got " << attr;
  }
  if (op.getEpilogue().empty()) {
    if (!op.getExtras().empty()) // linear_c3, conv_c4
      return op.emitOpError("expected an epilogue that reads the extras");
    return success();
  }
  Block &body = op.getEpilogue().front();
  SmallVector<Type> expected{type.getElementType()};
  for (Value extra : op.getExtras())
    expected.push_back(getElementTypeOrSelf(extra));
  if (body.getNumArguments() != expected.size() ||
      !llvm::equal(body.getArgumentTypes(), expected)) // linear_c3, conv_c4
    return op.emitOpError("expected an epilogue over the accumulator and one element of each extra: ")
           << expected << ", got " << body.getArgumentTypes();
  auto yield = dyn_cast<YieldOp>(body.back());
  if (!yield || yield.getValue().getType() != type.getElementType()) // linear_c3, conv_c4
    return op.emitOpError("expected an epilogue that yields ") << type.getElementType();
  return success();
}

LogicalResult LinearOp::verify() {
  RankedTensorType input = getInput().getType(), weight = getWeight().getType(), result = getResult().getType();
  if (input.getRank() == 0 || weight.getRank() != 2) // linear_c1
    return emitOpError("expected an input (batch.., K) and a weight of rank 2, got ") << input << " and " << weight;
  int64_t k = weight.getDimSize(getTransposed() ? 1 : 0), n = weight.getDimSize(getTransposed() ? 0 : 1);
  if (!agree(input.getShape().back(), k)) // linear_c1
    return emitOpError("expected inputs of ") << k << " features, as the weight has, got " << input;
  SmallVector<int64_t> expected(input.getShape().drop_back());
  expected.push_back(n);
  if (!agree(result.getShape(), expected)) // linear_c1
    return emitOpError("expected a result of shape ") << show(expected) << ", got " << result;
  if (failed(verifyPerChannel(*this, "bias", getBias(), n))) // linear_c1
    return failure();
  return verifyEpilogue(*this);
}

/// The extent of a convolution's result along one spatial dimension.
static int64_t convolved(ConvOp op, int64_t size, int64_t kernel, int64_t axis) {
  int64_t pad = op.getPads()[axis] + op.getPads()[axis + 2];
  int64_t span = op.getDilations()[axis] * (kernel - 1) + 1;
  if (op.getTransposed())
    return (size - 1) * op.getStrides()[axis] - pad + span;
  return (size + pad - span) / op.getStrides()[axis] + 1;
}

/// (C3) along one dimension; a transposed convolution may have up to a stride less one more rows: output padding.
static bool isConvolved(ConvOp op, int64_t axis) {
  int64_t size = op.getInput().getType().getDimSize(2 + axis), kernel = op.getWeight().getType().getDimSize(2 + axis);
  int64_t actual = op.getResult().getType().getDimSize(2 + axis);
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(kernel) || ShapedType::isDynamic(actual))
    return true;
  int64_t expected = convolved(op, size, kernel, axis);
  if (!op.getTransposed())
    return actual == expected;
  return expected <= actual && actual < expected + op.getStrides()[axis];
}

LogicalResult ConvOp::verify() {
  RankedTensorType input = getInput().getType(), weight = getWeight().getType(), result = getResult().getType();
  if (input.getRank() != 4 || weight.getRank() != 4 || result.getRank() != 4) // conv_c1
    return emitOpError("expected input, weight and result of rank 4, got ")
           << input << ", " << weight << " and " << result;
  auto positive = [](ArrayRef<int64_t> values) {
    return values.size() == 2 && llvm::all_of(values, [](int64_t value) { return value > 0; });
  };
  bool padded = getPads().size() == 4 && llvm::all_of(getPads(), [](int64_t pad) { return pad >= 0; });
  if (!positive(getStrides()) || !positive(getDilations()) || !padded) // conv_c2
    return emitOpError("expected two positive strides and dilations and four pads that are not negative");
  int64_t groups = getGroups();
  int64_t inner = weight.getDimSize(1), outer = weight.getDimSize(0);
  if (groups <= 0 || ShapedType::isDynamic(inner) || ShapedType::isDynamic(outer) || outer % groups != 0) // conv_c2
    return emitOpError("expected ") << groups << " groups to divide the channels of " << weight;
  int64_t channels = getTransposed() ? outer : inner * groups;
  int64_t features = getTransposed() ? inner * groups : outer;
  if (!agree(input.getDimSize(1), channels) || !agree(result.getDimSize(1), features) ||
      !agree(input.getDimSize(0), result.getDimSize(0))) // conv_c1
    return emitOpError("expected ") << channels << " input and " << features << " output channels and one batch, got "
                                    << input << " and " << result;
  if (failed(verifyPerChannel(*this, "bias", getBias(), features))) // conv_c1
    return failure();
  if (!isConvolved(*this, 0) || !isConvolved(*this, 1)) // conv_c3
    return emitOpError("expected the height and width that the window gives, got ") << result;
  return verifyEpilogue(*this);
}

LogicalResult PatchEmbedOp::verify() {
  RankedTensorType image = getImage().getType(), weight = getWeight().getType();
  if (image.getRank() != 4 || weight.getRank() != 4 || !weight.hasStaticShape() || weight.getNumElements() == 0 ||
      image.isDynamicDim(2) || image.isDynamicDim(3) || image.getDimSize(2) % weight.getDimSize(2) != 0 ||
      image.getDimSize(3) % weight.getDimSize(3) != 0) // patch_embed_c1
    return emitOpError("expected an image of static height and width that the patches of ")
           << weight << " divide, got " << image;
  if (!agree(image.getDimSize(1), weight.getDimSize(1))) // patch_embed_c1
    return emitOpError("expected an image of ") << weight.getDimSize(1) << " channels, got " << image;
  if (failed(verifyPerChannel(*this, "bias", getBias(), weight.getDimSize(0)))) // patch_embed_c2
    return failure();
  int64_t patches = image.getDimSize(2) / weight.getDimSize(2) * (image.getDimSize(3) / weight.getDimSize(3));
  return verifyShape(*this, "a result", getResult(),
                     {image.getDimSize(0), patches, weight.getDimSize(0)}); // patch_embed_c2
}

LogicalResult PatchifyOp::verify() {
  RankedTensorType image = getImage().getType(), result = getResult().getType();
  ArrayRef<int64_t> patch = getPatch();
  if (image.getRank() != 4 || patch.size() != 2 || patch[0] <= 0 || patch[1] <= 0 ||
      llvm::is_contained(image.getShape().drop_front(), ShapedType::kDynamic) || image.getDimSize(2) % patch[0] != 0 ||
      image.getDimSize(3) % patch[1] != 0) // patchify_c1
    return emitOpError("expected an image (B, C, H, W) that patches of ") << patch << " divide, got " << image;
  int64_t patches = image.getDimSize(2) / patch[0] * (image.getDimSize(3) / patch[1]);
  SmallVector<int64_t> expected{image.getDimSize(0), patches, image.getDimSize(1) * patch[0] * patch[1]};
  if (result.getShape() != ArrayRef<int64_t>(expected)) // patchify_c2
    return emitOpError("expected a result of shape ") << expected << ", got " << result;
  return success();
}

LogicalResult GatherRowsOp::verify() {
  RankedTensorType input = getInput().getType(), rows = getRows().getType();
  if (input.getRank() != 3 || input.isDynamicDim(2)) // gather_rows_c1
    return emitOpError("expected rows (B, R, C) of static length, got ") << input;
  if (rows.getRank() != 1 || rows.isDynamicDim(0)) // gather_rows_c1
    return emitOpError("expected a static number of indices, got ") << rows;
  return verifyShape(*this, "a result", getResult(),
                     {input.getDimSize(0), rows.getDimSize(0), input.getDimSize(2)}); // gather_rows_c2
}

LogicalResult AssembleOp::verify() {
  RankedTensorType patches = getPatches().getType();
  if (patches.getRank() != 3) // assemble_c1
    return emitOpError("expected patches (B, P, C), got ") << patches;
  int64_t count = patches.getDimSize(1), channels = patches.getDimSize(2), prefix = 0;
  if (getPrefix()) {
    RankedTensorType type = getPrefix().getType();
    if (type.getRank() != 2 || type.isDynamicDim(0) || !agree(type.getDimSize(1), channels)) // assemble_c1
      return emitOpError("expected a prefix of shape n x ") << show({channels}) << ", got " << type;
    prefix = type.getDimSize(0);
  }
  if (getPosition() && failed(verifyShape(*this, "a position", getPosition(), {count, channels}))) // assemble_c1
    return failure();
  int64_t rows = ShapedType::isDynamic(count) ? count : count + prefix;
  if (failed(verifyShape(*this, "a result", getResult(), {patches.getDimSize(0), rows, channels}))) // assemble_c1
    return failure();
  int64_t cls = getCls(), registers = getRegisters();
  if (cls < 0 || registers < 0 || cls + registers > prefix) // assemble_c2
    return emitOpError("expected at most ")
           << prefix << " class and register tokens, got " << cls << " and " << registers;
  return success();
}

LogicalResult AttentionOp::verify() {
  ArrayRef<int64_t> query = getQuery().getType().getShape(), key = getKey().getType().getShape(),
                    value = getValue().getType().getShape();
  size_t rank = query.size();
  if (rank < 3 || key.size() != rank || value.size() != rank) // attention_c1
    return emitOpError("expected query, key and value of one rank, at least 3, got ")
           << getQuery().getType() << ", " << getKey().getType() << " and " << getValue().getType();
  ArrayRef<int64_t> batch = query.drop_back(3);
  int64_t m = query[rank - 3], heads = query[rank - 2], d = query[rank - 1], n = key[rank - 3], e = value[rank - 1];
  int64_t groups = ShapedType::isDynamic(key[rank - 2]) ? heads : key[rank - 2];
  if (!ShapedType::isDynamic(heads) && (groups <= 0 || heads % groups != 0)) // attention_c1
    return emitOpError("expected a multiple of the key's ") << groups << " heads in the query, got " << heads;
  auto shape = [&](std::initializer_list<int64_t> last) {
    SmallVector<int64_t> all(batch);
    all.append(last);
    return all;
  };
  if (failed(verifyShape(*this, "a key", getKey(), shape({n, groups, d}))) ||     // attention_c1
      failed(verifyShape(*this, "a value", getValue(), shape({n, groups, e}))) || // attention_c1
      failed(verifyShape(*this, "a result", getResult(), shape({m, heads, e}))))  // attention_c1
    return failure();
  SmallVector<int64_t> pairwise = shape({heads, m, n});
  for (Value optional : {getScores(), getProbs()})
    if (optional && failed(verifyShape(*this, "scores", optional, pairwise))) // attention_c2
      return failure();
  if (getSoftcap() && !(getSoftcap()->convertToFloat() > 0)) // attention_c3
    return emitOpError("expected a positive softcap, got ") << getSoftcapAttr();
  return verifyAddends(*this, getAddends(), pairwise); // attention_c2
}
