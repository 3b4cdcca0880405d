// Shapes of products: MatMul, Gemm, Einsum.

#include "vitc/Dialect/ONNX/IR/ONNX.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace vitc::onnx;

/// (batch.., M, K) · (batch.., K, N); a row or a column where an operand has rank 1.
static LogicalResult inferMatMul(Operation *op, ShapeEnv &env, SymbolicShape a, SymbolicShape b,
                                 SmallVectorImpl<SymbolicShape> &shapes) {
  bool isRow = a.size() == 1, isColumn = b.size() == 1;
  if (a.empty() || b.empty())
    return op->emitOpError() << "expected operands of rank at least 1, got a scalar";
  if (isRow)
    a.insert(a.begin(), 1);
  if (isColumn)
    b.push_back(1);
  if (failed(checkEqual(op, env, "inner extents", a.back(), b[b.size() - 2])))
    return failure();
  FailureOr<SymbolicShape> result =
      broadcastShapes(op, env, {SymbolicShape(ArrayRef(a).drop_back(2)), SymbolicShape(ArrayRef(b).drop_back(2))});
  if (failed(result))
    return failure();
  if (!isRow)
    result->push_back(a[a.size() - 2]);
  if (!isColumn)
    result->push_back(b.back());
  shapes.push_back(std::move(*result));
  return success();
}

LogicalResult MatMulOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferMatMul(*this, env, extentsOf(getA()), extentsOf(getB()), shapes);
}
LogicalResult MatMulIntegerOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferMatMul(*this, env, extentsOf(getA()), extentsOf(getB()), shapes);
}
LogicalResult QLinearMatMulOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferMatMul(*this, env, extentsOf(getA()), extentsOf(getB()), shapes);
}

LogicalResult GemmOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape a = extentsOf(getA()), b = extentsOf(getB());
  if (a.size() != 2 || b.size() != 2)
    return emitOpError() << "expected matrices, got shapes " << str(a) << " and " << str(b);
  if (getTransA())
    std::swap(a[0], a[1]);
  if (getTransB())
    std::swap(b[0], b[1]);
  if (failed(checkEqual(*this, env, "inner extents", a[1], b[0])))
    return failure();
  SymbolicShape result = {a[0], b[1]};
  if (getC()) {
    FailureOr<SymbolicShape> sum = broadcastShapes(*this, env, {result, extentsOf(getC())});
    if (failed(sum))
      return failure();
    if (*sum != result)
      return emitOpError() << "expected c to broadcast to " << str(result) << ", got " << str(extentsOf(getC()));
  }
  shapes.push_back(std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

namespace {
/// What the letters of an equation stand for.
struct EinsumExtents {
  llvm::MapVector<char, Extent> letters;
  llvm::DenseMap<char, unsigned> uses;
  SmallVector<SymbolicShape> ellipses;
};
} // namespace

/// Binds the letters of one operand's term to its extents.
static LogicalResult bindTerm(EinsumOp op, ShapeEnv &env, StringRef term, const SymbolicShape &shape,
                              EinsumExtents &bound) {
  auto [front, back] = term.split("...");
  bool hasEllipsis = term.contains("...");
  size_t letters = front.size() + back.size();
  if (hasEllipsis ? letters > shape.size() : letters != shape.size())
    return op.emitOpError() << "expected the term '" << term << "' to have one letter a dimension, got shape "
                            << str(shape);
  auto bind = [&](char letter, const Extent &extent) {
    ++bound.uses[letter];
    Extent &known = bound.letters.try_emplace(letter, extent).first->second;
    if (extent == Extent(1))
      return success();
    if (known == Extent(1))
      known = extent;
    LogicalResult agrees = checkEqual(op, env, "extents of '" + std::string(1, letter) + "'", known, extent);
    if (extent.isConstant())
      known = extent;
    return agrees;
  };
  for (auto [letter, extent] : llvm::zip(front, shape))
    if (failed(bind(letter, extent)))
      return failure();
  for (auto [letter, extent] : llvm::zip(llvm::reverse(back), llvm::reverse(shape)))
    if (failed(bind(letter, extent)))
      return failure();
  if (hasEllipsis)
    bound.ellipses.push_back(SymbolicShape(ArrayRef(shape).drop_front(front.size()).drop_back(back.size())));
  return success();
}

/// The result's term where the equation has none: the ellipsis, then letters used once, in alphabetical order.
static std::string getImplicitTerm(const EinsumExtents &bound) {
  std::string letters;
  for (auto &[letter, extent] : bound.letters)
    if (bound.uses.lookup(letter) == 1)
      letters.push_back(letter);
  llvm::sort(letters);
  return (bound.ellipses.empty() ? "" : "...") + letters;
}

LogicalResult EinsumOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  std::string equation = getEquation().str();
  llvm::erase(equation, ' ');
  auto [lhs, rhs] = StringRef(equation).split("->");
  SmallVector<StringRef> terms;
  lhs.split(terms, ',');
  if (terms.size() != getInputs().size())
    return emitOpError() << "expected a term for each of " << getInputs().size() << " operands, got '" << equation
                         << "'";
  EinsumExtents bound;
  for (auto [term, input] : llvm::zip_equal(terms, getInputs()))
    if (failed(bindTerm(*this, env, term, extentsOf(input), bound)))
      return failure();
  FailureOr<SymbolicShape> ellipsis = broadcastShapes(*this, env, bound.ellipses);
  if (failed(ellipsis))
    return failure();

  std::string result = StringRef(equation).contains("->") ? rhs.str() : getImplicitTerm(bound);
  SymbolicShape shape;
  for (StringRef rest = result; !rest.empty();) {
    if (rest.consume_front("...")) {
      llvm::append_range(shape, *ellipsis);
      continue;
    }
    auto *found = bound.letters.find(rest.front());
    if (found == bound.letters.end())
      return emitOpError() << "expected letters of the operands in the result's term, got '" << rest.front() << "'";
    shape.push_back(found->second);
    rest = rest.drop_front();
  }
  shapes.push_back(std::move(shape));
  return success();
}
