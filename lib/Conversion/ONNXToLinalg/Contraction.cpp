//===- Products: MatMul, Gemm, Einsum as linalg.contract ------------------===//

#include "Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

namespace {
/// A tensor whose dimensions are named by loops: the operand of a product.
struct Term {
  Tensor tensor;
  SmallVector<int64_t> loops;
  bool isConstant = false;

  bool has(int64_t loop) const { return llvm::is_contained(loops, loop); }
  AffineExpr getExtent(int64_t loop) const { return tensor.extents[llvm::find(loops, loop) - loops.begin()]; }
};
} // namespace

/// The term without the unit dimensions whose loop `isDropped`.
static Term dropLoops(Node &node, const Term &term, function_ref<bool(int64_t)> isDropped) {
  Term result{term.tensor, {}, term.isConstant};
  SmallVector<int64_t> dims;
  for (auto [dim, loop] : llvm::enumerate(term.loops))
    if (isExtent(term.tensor.extents[dim], 1) && isDropped(loop))
      dims.push_back(dim);
    else
      result.loops.push_back(loop);
  result.tensor = node.dropDims(term.tensor, dims);
  return result;
}

/// Drops from `term` the unit dimensions of the result that `other` broadcasts, and, if it is a constant, those that
/// `other` has. What is summed over stays in both.
static Term dropBroadcastLoops(Node &node, const Term &term, const Term &other, ArrayRef<int64_t> result) {
  return dropLoops(node, term, [&](int64_t loop) {
    return llvm::is_contained(result, loop) && other.has(loop) &&
           (term.isConstant || !isExtent(other.getExtent(loop), 1));
  });
}

/// Σ a · b over the loops that `result` lacks; a constant goes second.
static Tensor contract(Node &node, Term a, Term b, ArrayRef<int64_t> result) {
  if (a.isConstant && !b.isConstant)
    std::swap(a, b);
  b = dropBroadcastLoops(node, b, a, result);
  a.isConstant = false; // what b dropped has to stay in a
  a = dropBroadcastLoops(node, a, b, result);
  llvm::SmallSetVector<int64_t, 8> loops(result.begin(), result.end());
  loops.insert_range(a.loops);
  loops.insert_range(b.loops);
  auto getMap = [&](ArrayRef<int64_t> term) {
    SmallVector<AffineExpr> dims;
    for (int64_t loop : term)
      dims.push_back(node.builder.getAffineDimExpr(llvm::find(loops, loop) - loops.begin()));
    return AffineMap::get(loops.size(), 0, dims, node.getContext());
  };
  Extents extents =
      llvm::map_to_vector(result, [&](int64_t loop) { return a.has(loop) ? a.getExtent(loop) : b.getExtent(loop); });
  return node.contract(a.tensor, getMap(a.loops), b.tensor, getMap(b.loops), getMap(result), extents);
}

/// a · b where nothing is summed: the dimensions of `result`, those that a term lacks as 1.
static Tensor multiply(Node &node, const Term &a, const Term &b, ArrayRef<int64_t> result) {
  Extents extents;
  for (int64_t loop : result)
    extents.push_back(!a.has(loop) || (b.has(loop) && isExtent(a.getExtent(loop), 1)) ? b.getExtent(loop)
                                                                                      : a.getExtent(loop));
  auto align = [&](const Term &term) {
    SmallVector<int64_t> permutation, missing;
    for (auto [dim, loop] : llvm::enumerate(result)) {
      if (term.has(loop))
        permutation.push_back(llvm::find(term.loops, loop) - term.loops.begin());
      else
        missing.push_back(dim);
    }
    return node.addDims(node.transpose(term.tensor, permutation), missing);
  };
  return node.elementwise(linalg::ElementwiseKind::mul, {align(a), align(b)}, extents);
}

/// Whether the loops that both terms have agree in extent, or one is 1.
static bool agree(const Term &a, const Term &b) {
  return llvm::all_of(a.loops, [&](int64_t loop) {
    return !b.has(loop) || a.getExtent(loop) == b.getExtent(loop) || isExtent(a.getExtent(loop), 1) ||
           isExtent(b.getExtent(loop), 1);
  });
}

FailureOr<Tensor> vitc::onnx::multiplyMatrices(Node &node, const Factor &left, const Factor &right) {
  Term a{left.tensor, {}, left.isConstant}, b{right.tensor, {}, right.isConstant};
  int64_t rankA = a.tensor.getRank(), rankB = b.tensor.getRank(), batch = std::max({rankA, rankB, int64_t(2)}) - 2;
  // Loops: the batch dimensions from the right as 0, 1, …, then rows, columns and the contracted dimension.
  int64_t row = batch, column = batch + 1, inner = batch + 2;
  SmallVector<int64_t> result;
  auto addBatch = [](SmallVector<int64_t> &loops, int64_t count) {
    for (int64_t loop = count - 1; loop >= 0; --loop)
      loops.push_back(loop);
  };
  addBatch(a.loops, rankA - 2);
  addBatch(b.loops, rankB - 2);
  addBatch(result, batch);
  if (rankA > 1) {
    a.loops.push_back(row);
    result.push_back(row);
  }
  a.loops.push_back(inner);
  b.loops.push_back(inner);
  if (rankB > 1) {
    b.loops.push_back(column);
    result.push_back(column);
  }
  if (!agree(a, b))
    return node.refuse("the extents of its operands cannot be shown to agree");
  return contract(node, a, b, result);
}

static FailureOr<Tensor> convertMatMul(MatMulOp op, Node &node) {
  return multiplyMatrices(node, {node.get(op.getA()), isConstant(op.getA())},
                          {node.get(op.getB()), isConstant(op.getB())});
}

static Tensor scale(Node &node, const Tensor &x, double factor) {
  return factor == 1 ? x : node.elementwise(ElementwiseKind::mul, {x, node.scalar(factor, x.getElementType())});
}

static FailureOr<Tensor> convertGemm(GemmOp op, Node &node) {
  double alpha = op.getAlpha().convertToDouble(), beta = op.getBeta().convertToDouble();
  bool isFloat = isa<FloatType>(node.getResultElementType());
  if (!isFloat && (std::trunc(alpha) != alpha || std::trunc(beta) != beta))
    return node.refuse("a product of integers needs integer factors alpha and beta");
  enum Loop : int64_t { row, column, inner };
  Term a{node.get(op.getA()), {row, inner}, isConstant(op.getA())};
  Term b{node.get(op.getB()), {inner, column}, isConstant(op.getB())};
  if (op.getTransA())
    std::swap(a.loops[0], a.loops[1]);
  if (op.getTransB())
    std::swap(b.loops[0], b.loops[1]);
  if (a.getExtent(inner) != b.getExtent(inner))
    return node.refuse("the extents of its operands cannot be shown to agree");
  Tensor product = scale(node, contract(node, a, b, {row, column}), alpha);
  if (!op.getC() || beta == 0)
    return product;
  Tensor bias = scale(node, node.get(op.getC()), beta);
  if (!TensorBuilder::broadcasts({bias}, product.extents))
    return node.refuse("the extents of c cannot be shown to broadcast");
  return node.elementwise(ElementwiseKind::add, {product, bias});
}

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

/// The loops of a term of an equation: letters by their code; the dimensions of an ellipsis, counted from the last one,
/// by negative numbers.
static SmallVector<int64_t> parseTerm(StringRef term, int64_t ellipsisRank) {
  SmallVector<int64_t> loops;
  for (size_t i = 0; i < term.size(); ++i) {
    if (term.substr(i).starts_with("...")) {
      for (int64_t dim = ellipsisRank; dim > 0; --dim)
        loops.push_back(-dim);
      i += 2;
    } else if (llvm::isAlpha(term[i])) {
      loops.push_back(term[i]);
    }
  }
  return loops;
}

static int64_t countLetters(StringRef term) { return llvm::count_if(term, llvm::isAlpha); }

/// The loops of the result where the equation does not say them: the ellipsis, then what occurs once, by letter.
static SmallVector<int64_t> getImplicitResult(ArrayRef<Term> terms) {
  llvm::MapVector<int64_t, unsigned> counts;
  for (const Term &term : terms)
    for (int64_t loop : term.loops)
      ++counts[loop];
  SmallVector<int64_t> result;
  for (auto [loop, count] : counts)
    if (loop < 0 || count == 1)
      result.push_back(loop);
  llvm::sort(result);
  return result;
}

/// Reads a loop that names several dimensions once, along their diagonal.
static Term takeDiagonals(Node &node, const Term &term) {
  llvm::SmallSetVector<int64_t, 8> loops(term.loops.begin(), term.loops.end());
  if (loops.size() == term.loops.size())
    return term;
  Extents extents = llvm::map_to_vector(loops, [&](int64_t loop) { return term.getExtent(loop); });
  Tensor diagonal = node.gather(term.tensor, extents, [&](OpBuilder &, Location, ValueRange position) {
    return llvm::map_to_vector(term.loops,
                               [&](int64_t loop) { return position[llvm::find(loops, loop) - loops.begin()]; });
  });
  return {diagonal, llvm::to_vector(loops), false};
}

/// Sums over the loops of `term` that `isKept` does not want.
static Term sumOut(Node &node, const Term &term, function_ref<bool(int64_t)> isKept) {
  SmallVector<int64_t> dims, loops;
  for (auto [dim, loop] : llvm::enumerate(term.loops)) {
    if (isKept(loop))
      loops.push_back(loop);
    else
      dims.push_back(dim);
  }
  if (dims.empty())
    return term;
  TypedAttr zero = getScalarAttr(0, term.tensor.getElementType());
  Tensor sum = node.reduce(term.tensor, dims, zero, [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return isa<FloatType>(args[0].getType()) ? arith::AddFOp::create(b, loc, args[0], args[1]).getResult()
                                             : arith::AddIOp::create(b, loc, args[0], args[1]).getResult();
  });
  return {sum, loops, false};
}

/// The loops of both terms that are in the result or in a term of `rest`, in the order of the result where they can be.
static SmallVector<int64_t> getLiveLoops(const Term &a, const Term &b, ArrayRef<Term> rest, ArrayRef<int64_t> result) {
  if (rest.empty())
    return SmallVector<int64_t>(result);
  llvm::SmallSetVector<int64_t, 8> loops(a.loops.begin(), a.loops.end());
  loops.insert_range(b.loops);
  return llvm::to_vector(llvm::make_filter_range(loops, [&](int64_t loop) {
    return llvm::is_contained(result, loop) || llvm::any_of(rest, [&](const Term &term) { return term.has(loop); });
  }));
}

/// Multiplies the first two terms and goes on with what is left.
static FailureOr<Tensor> multiplyTerms(Node &node, SmallVector<Term> terms, ArrayRef<int64_t> result) {
  while (terms.size() > 1) {
    ArrayRef<Term> rest = ArrayRef<Term>(terms).drop_front(2);
    Term a = terms[0], b = terms[1];
    if (!agree(a, b))
      return node.refuse("the extents of its operands cannot be shown to agree");
    SmallVector<int64_t> live = getLiveLoops(a, b, rest, result);
    a = sumOut(node, a, [&](int64_t loop) { return b.has(loop) || llvm::is_contained(live, loop); });
    b = sumOut(node, b, [&](int64_t loop) { return a.has(loop) || llvm::is_contained(live, loop); });
    auto isSummed = [&](int64_t loop) { return !llvm::is_contained(live, loop); };
    bool sums = llvm::any_of(a.loops, isSummed) || llvm::any_of(b.loops, isSummed);
    terms[1] = {sums ? contract(node, a, b, live) : multiply(node, a, b, live), live, false};
    terms.erase(terms.begin());
  }
  Term last = sumOut(node, terms.front(), [&](int64_t loop) { return llvm::is_contained(result, loop); });
  SmallVector<int64_t> permutation = llvm::map_to_vector(
      result, [&](int64_t loop) -> int64_t { return llvm::find(last.loops, loop) - last.loops.begin(); });
  return node.transpose(last.tensor, permutation);
}

static FailureOr<Tensor> convertEinsum(EinsumOp op, Node &node) {
  std::string equation = op.getEquation().str();
  llvm::erase(equation, ' ');
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> names;
  left.split(names, ',');
  SmallVector<Term> terms;
  int64_t ellipsisRank = 0;
  for (auto [name, operand] : llvm::zip_equal(names, op.getInputs())) {
    Tensor tensor = node.get(operand);
    int64_t rank = tensor.getRank() - countLetters(name);
    ellipsisRank = std::max(ellipsisRank, name.contains("...") ? rank : 0);
    terms.push_back(takeDiagonals(node, {tensor, parseTerm(name, rank), isConstant(operand)}));
  }
  bool isExplicit = equation.find("->") != std::string::npos;
  SmallVector<int64_t> result = isExplicit ? parseTerm(right, ellipsisRank) : getImplicitResult(terms);
  return multiplyTerms(node, std::move(terms), result);
}

void vitc::onnx::populateContractionPatterns(NodePatterns &patterns) {
  patterns.add(convertEinsum);
  patterns.add(convertGemm);
  patterns.add(convertMatMul);
}
