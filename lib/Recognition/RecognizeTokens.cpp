#include "Recognizer.h"
#include "RowLiveness.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Constants.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RECOGNIZETOKENS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

namespace {
/// Consecutive rows of a token sequence: the sum of `terms`, which do not depend on the input and have axes (row,
/// channel), and, where present, of rows of `patches` from `offset`.
struct Piece {
  int64_t rows;
  Value patches;
  int64_t offset = 0;
  SmallVector<AxisMap, 0> terms;
};
using Pieces = SmallVector<Piece>;

/// Reads token sequences (B, N, C) as pieces. Models put tokens together from few values: what is made of more is read
/// as patches.
class SequenceReader {
public:
  FailureOr<Pieces> read(Value value) {
    valuesLeft = kMostValues;
    return readFurther(value);
  }
  llvm::SmallPtrSet<Operation *, 8> path; ///< ops that were read

private:
  static constexpr size_t kMostValues = 16, kMostPieces = 64, kMostTerms = 8;

  FailureOr<Pieces> readFurther(Value value);
  FailureOr<Pieces> readConstant(Value value, int64_t rows);
  FailureOr<Pieces> readConcat(tensor::ConcatOp op);
  FailureOr<Pieces> readSlice(tensor::ExtractSliceOp op);
  FailureOr<Pieces> readSum(const Elementwise &sum);

  llvm::DenseMap<Value, FailureOr<Pieces>> known;
  size_t valuesLeft = 0;
};
} // namespace

/// The token count where it is static.
static std::optional<int64_t> rowsOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() != 3 || type.isDynamicDim(1) || !isa<FloatType>(type.getElementType()))
    return std::nullopt;
  return type.getDimSize(1);
}

/// A map (batch, row, channel) as (row, channel), where nothing varies along the batch and every row has its own
/// values. An export at a fixed batch may have the repeated values as a constant.
static std::optional<AxisMap> asTerm(AxisMap map) {
  if (map.axes.size() != 3)
    return std::nullopt;
  auto isFree = [](const Digit &digit) { return digit.isFree(); };
  auto isOneDigit = [&](const Axis &axis) { return axis.size() <= 1 && llvm::none_of(axis, isFree); };
  auto isRepeated = [&](const Digit &digit) { return digit.isFree() || repeatsAlong(map.source, digit.dim); };
  if (!llvm::all_of(map.axes[0], isRepeated) || !isOneDigit(map.axes[1]) || llvm::any_of(map.axes[2], isFree))
    return std::nullopt;
  map.axes.erase(map.axes.begin());
  return isMaterializable(map) ? std::optional(map) : std::nullopt;
}

/// Rows [offset, offset + count) of a term.
static std::optional<AxisMap> sliceTerm(AxisMap term, int64_t offset, int64_t count) {
  if (term.axes[0].empty())
    return term;
  Digit digit = term.axes[0].front();
  if (!digit.stride.constant())
    return std::nullopt;
  term.offsets[digit.dim] += offset * *digit.stride.constant();
  term.axes[0].clear();
  appendDigit(term.axes[0], {count, digit.dim, digit.stride});
  return term;
}

FailureOr<Pieces> SequenceReader::readConstant(Value value, int64_t rows) {
  AxisMap map = trace(value, {.scales = false});
  std::optional<AxisMap> term = asTerm(map);
  if (!term)
    return failure();
  path.insert(map.path.begin(), map.path.end());
  return Pieces{{rows, nullptr, 0, {*term}}};
}

FailureOr<Pieces> SequenceReader::readFurther(Value value) {
  std::optional<int64_t> rows = rowsOf(value);
  if (!rows)
    return failure();
  if (auto read = known.find(value); read != known.end())
    return read->second;
  if (isInputIndependent(value))
    return known[value] = readConstant(value, *rows);
  Pieces whole{{*rows, value, 0, {}}};
  if (valuesLeft == 0)
    return whole;
  --valuesLeft;
  Operation *op = value.getDefiningOp();
  FailureOr<Pieces> pieces = failure();
  if (auto concat = dyn_cast_if_present<tensor::ConcatOp>(op))
    pieces = readConcat(concat);
  else if (auto slice = dyn_cast_if_present<tensor::ExtractSliceOp>(op))
    pieces = readSlice(slice);
  else if (std::optional<Elementwise> sum = matchElementwise(op); sum && sum->kind == ElementwiseKind::add)
    pieces = readSum(*sum);
  auto hasMany = [](const Piece &piece) { return piece.terms.size() > kMostTerms; };
  if (failed(pieces) || pieces->size() > kMostPieces || llvm::any_of(*pieces, hasMany))
    return known[value] = whole;
  path.insert(op);
  return known[value] = pieces;
}

FailureOr<Pieces> SequenceReader::readConcat(tensor::ConcatOp op) {
  if (op.getDim() != 1)
    return failure();
  Pieces all;
  for (Value input : op.getInputs()) {
    FailureOr<Pieces> pieces = readFurther(input);
    if (failed(pieces))
      return failure();
    llvm::append_range(all, *pieces);
  }
  return all;
}

FailureOr<Pieces> SequenceReader::readSlice(tensor::ExtractSliceOp op) {
  std::optional<int64_t> begin =
      op.getSourceType().getRank() == 3 ? getConstantIntValue(op.getMixedOffsets()[1]) : std::nullopt;
  bool alongRows = begin && op.getType().getRank() == 3 && op.hasUnitStride();
  for (int64_t dim : {0, 2})
    alongRows = alongRows && getConstantIntValue(op.getMixedOffsets()[dim]) == 0 &&
                extentOf(op.getMixedSizes()[dim]) == extentOf(op.getSource(), dim);
  if (!alongRows || op.getType().isDynamicDim(1))
    return failure();
  FailureOr<Pieces> source = readFurther(op.getSource());
  if (failed(source))
    return failure();
  int64_t end = *begin + op.getType().getDimSize(1), at = 0;
  Pieces cut;
  for (const Piece &piece : *source) {
    int64_t from = std::max(*begin, at), to = std::min(end, at + piece.rows);
    if (from < to) {
      Piece part{to - from, piece.patches, piece.offset + from - at, {}};
      for (const AxisMap &term : piece.terms) {
        std::optional<AxisMap> sliced = sliceTerm(term, from - at, to - from);
        if (!sliced)
          return failure();
        part.terms.push_back(*sliced);
      }
      cut.push_back(part);
    }
    at += piece.rows;
  }
  return cut;
}

FailureOr<Pieces> SequenceReader::readSum(const Elementwise &sum) {
  bool first = isInputIndependent(sum.operand(0)), second = isInputIndependent(sum.operand(1));
  OpOperand *constant = sum.operands[first ? 0 : 1], *sequence = sum.operands[first ? 1 : 0];
  if (first == second || !sum.op.getMatchingIndexingMap(sequence).isIdentity())
    return failure();
  AxisMap map = traceOperand(sum.op, constant, {.scales = false});
  std::optional<AxisMap> term = asTerm(map);
  FailureOr<Pieces> pieces = readFurther(sequence->get());
  if (!term || failed(pieces))
    return failure();
  int64_t at = 0;
  for (Piece &piece : *pieces) {
    std::optional<AxisMap> part = sliceTerm(*term, at, piece.rows);
    if (!part)
      return failure();
    piece.terms.push_back(*part);
    at += piece.rows;
  }
  path.insert(map.path.begin(), map.path.end());
  return pieces;
}

/// The sum of the terms as a tensor (rows, channels).
static Value sumOf(OpBuilder &builder, Location loc, ArrayRef<AxisMap> terms) {
  Value sum;
  for (const AxisMap &term : terms) {
    Value value = *materialize(builder, loc, term); // checked by asTerm; a part of a row dimension is a slice of it
    if (!sum) {
      sum = value;
      continue;
    }
    auto type = cast<RankedTensorType>(sum.getType());
    Value init = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
    SmallVector<AffineMap> maps(3, builder.getMultiDimIdentityMap(2));
    sum = linalg::ElementwiseOp::create(builder, loc, ValueRange{sum, value}, ValueRange{init},
                                        linalg::ElementwiseKindAttr::get(builder.getContext(), ElementwiseKind::add),
                                        builder.getAffineMapArrayAttr(maps))
              ->getResult(0);
  }
  return sum;
}

namespace {
/// concat(prefix, patches) + positions, in whatever order  ==>  vit.assemble
struct RecognizeTokens final : RewritePattern {
  RecognizeTokens(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isSequenceOp(op) || isa<tensor::ExtractSliceOp>(op))
      return failure(); // a slice selects rows of a sequence; it makes none
    Value value = op->getResult(0);
    if (!rowsOf(value) || isInputIndependent(value))
      return failure();
    if (isPartOfAssembly(value))
      return failure(); // the last op is the one to replace
    SequenceReader reader;
    FailureOr<Pieces> pieces = reader.read(value);
    if (failed(pieces) || !isCandidate(*pieces))
      return failure();
    if (StringRef reason = refusal(*pieces); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    replace(op, *pieces, reader.path, rewriter);
    return success();
  }

private:
  static bool isSequenceOp(Operation *op) {
    if (isa<tensor::ConcatOp, tensor::ExtractSliceOp>(op))
      return true;
    std::optional<Elementwise> sum = matchElementwise(op);
    return sum && sum->kind == ElementwiseKind::add;
  }

  /// Whether a sequence that is read through `value` is an assembly, or so many are that it is not known.
  static bool isPartOfAssembly(Value value) {
    static constexpr size_t kMostSequences = 16;
    SequenceReader reader;
    llvm::SetVector<Value> sequences;
    sequences.insert(value);
    for (size_t at = 0; at < sequences.size(); ++at)
      for (Operation *user : sequences[at].getUsers()) {
        if (!isSequenceOp(user) || !rowsOf(user->getResult(0)))
          continue;
        Value result = user->getResult(0);
        FailureOr<Pieces> pieces = reader.read(result);
        if (failed(pieces) || (pieces->size() == 1 && pieces->front().patches == result))
          continue; // not read as a sequence
        bool isRoot = !isa<tensor::ExtractSliceOp>(user) && isCandidate(*pieces) && refusal(*pieces).empty();
        if (isRoot || sequences.size() > kMostSequences)
          return true;
        sequences.insert(result);
      }
    return false;
  }

  /// Whether constant rows stand beside others, or positions are added to the patches of an image.
  static bool isCandidate(ArrayRef<Piece> pieces) {
    bool hasConstant = llvm::any_of(pieces, [](const Piece &piece) { return !piece.patches; });
    bool hasPatches = llvm::any_of(pieces, [](const Piece &piece) { return piece.patches != nullptr; });
    if (hasConstant && hasPatches)
      return true;
    return pieces.size() == 1 && hasPatches && !pieces[0].terms.empty() &&
           pieces[0].patches.getDefiningOp<vit::PatchEmbedOp>();
  }

  static StringRef refusal(ArrayRef<Piece> pieces) {
    const Piece &last = pieces.back();
    if (!last.patches)
      return "constant rows follow the patches";
    if (llvm::any_of(pieces.drop_back(), [](const Piece &piece) { return piece.patches != nullptr; }))
      return "patches stand in several pieces";
    if (last.offset != 0 || rowsOf(last.patches) != last.rows)
      return "only a part of the patches is in the sequence";
    return "";
  }

  static void replace(Operation *op, ArrayRef<Piece> pieces, const llvm::SmallPtrSetImpl<Operation *> &path,
                      PatternRewriter &rewriter) {
    Location loc = fuseLocations(op, SmallVector<Operation *>(path.begin(), path.end()));
    SmallVector<Value> rows;
    for (const Piece &piece : pieces.drop_back())
      rows.push_back(sumOf(rewriter, loc, piece.terms));
    Value prefix = rows.empty() ? Value() : rows.front();
    if (rows.size() > 1)
      prefix = tensor::ConcatOp::create(rewriter, loc, /*dim=*/0, rows);
    Value position = sumOf(rewriter, loc, pieces.back().terms);
    rewriter
        .replaceOpWithNewOp<vit::AssembleOp>(op, op->getResult(0).getType(), prefix, pieces.back().patches, position,
                                             /*cls=*/0, /*registers=*/0)
        ->setLoc(loc);
  }
};
} // namespace

void vitc::populateRecognizeTokensPatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeTokens>(patterns.getContext());
}

void vitc::setPrefixRoles(Operation *root) {
  root->walk([](vit::AssembleOp tokens) {
    PrefixRoles roles = classifyPrefix(tokens);
    tokens.setCls(roles.cls);
    tokens.setRegisters(roles.registers);
  });
}

namespace {
struct RecognizeTokensPass final : vitc::impl::RecognizeTokensBase<RecognizeTokensPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRecognizeTokensPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "tokens")))
      return signalPassFailure();
    setPrefixRoles(getOperation());
  }
};
} // namespace
