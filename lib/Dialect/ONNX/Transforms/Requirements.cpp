#include "Requirements.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Location.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::onnx;

//===--------------------------------------------------------------------===//
// What is required
//===--------------------------------------------------------------------===//

void vitc::onnx::requirePositive(Operation *op, ShapeEnv &env, const SymbolicShape &shape) {
  for (const Extent &extent : shape)
    for (const Extent &factor : extent.getFactors())
      if (std::optional<int64_t> least = factor.lowerBound(); !least || *least < 1)
        env.requireAtLeast(op, factor, 1);
}

//===--------------------------------------------------------------------===//
// How it is said
//===--------------------------------------------------------------------===//

namespace {

/// What a requirement on one dimension comes to.
struct Solution {
  enum Kind { AtLeast, MultipleOf, Exactly, Between, Other } kind = Other;
  int64_t number = 0;
  int64_t most = 0; ///< of Between
};

} // namespace

/// A requirement of one symbol is tried for small values, which tell what it comes to: sizes are sums of floors of
/// multiples, whose zeros repeat or are single.
static constexpr int64_t triedValues = 4096;

static std::optional<int64_t> evaluateAt(AffineExpr expr, int64_t symbol) {
  AffineExpr value = getAffineConstantExpr(symbol, expr.getContext());
  auto constant = dyn_cast<AffineConstantExpr>(expr.replaceSymbols(value));
  return constant ? std::optional<int64_t>(constant.getValue()) : std::nullopt;
}

static Solution solve(const Requirement &requirement, StringAttr symbol) {
  AffineExpr expr = requirement.getValue().toAffine(symbol, symbol.getContext());
  SmallVector<int64_t> holds;
  for (int64_t value = 1; value <= triedValues; ++value) {
    std::optional<int64_t> result = evaluateAt(expr, value);
    if (!result)
      return {};
    if (requirement.isEquality ? *result == 0 : *result >= 0)
      holds.push_back(value);
  }
  if (holds.empty())
    return {};
  int64_t first = holds.front(), count = holds.size();
  if (!requirement.isEquality)
    return count == triedValues - first + 1 ? Solution{Solution::AtLeast, first} : Solution{};
  if (count == 1)
    return {Solution::Exactly, first};
  if (holds.back() < triedValues && holds.back() - first == count - 1)
    return {Solution::Between, first, holds.back()};
  bool repeats = count == triedValues / first && llvm::all_of(llvm::enumerate(holds), [&](auto it) {
                   return it.value() == first * static_cast<int64_t>(it.index() + 1);
                 });
  return repeats ? Solution{Solution::MultipleOf, first} : Solution{};
}

/// "height to be a multiple of 2"
static std::string describe(const Requirement &requirement, const Solution &solution, StringRef symbol) {
  switch (solution.kind) {
  case Solution::AtLeast:
    return (symbol + " to be at least " + Twine(solution.number)).str();
  case Solution::MultipleOf:
    return (symbol + " to be a multiple of " + Twine(solution.number)).str();
  case Solution::Exactly:
    return (symbol + " to be " + Twine(solution.number)).str();
  case Solution::Between:
    return (symbol + " to be from " + Twine(solution.number) + " to " + Twine(solution.most)).str();
  case Solution::Other:
    break;
  }
  StringRef relation = requirement.isEquality ? " to be equal to " : " to be at least ";
  return requirement.lhs.str() + relation.str() + requirement.rhs.str();
}

/// "the Reshape 'flatten'"
static std::string nameNode(const Requirement &requirement) {
  std::string text = "the " + requirement.node.stripDialect().str();
  if (auto name = dyn_cast<NameLoc>(requirement.loc))
    text += " '" + name.getName().str() + "'";
  return text;
}

//===--------------------------------------------------------------------===//
// The attribute
//===--------------------------------------------------------------------===//

namespace {

/// The function's requirements so far.
class Requirements {
public:
  explicit Requirements(func::FuncOp function) : function(function) {
    if (auto list = function->getAttrOfType<ArrayAttr>(name))
      llvm::append_range(attributes, list.getAsRange<vit::RequirementAttr>());
  }

  void add(const Requirement &requirement) {
    SmallVector<StringAttr> symbols;
    requirement.getValue().collectSymbols(symbols);
    Solution solution = symbols.size() == 1 ? solve(requirement, symbols[0]) : Solution();
    Extent value = requirement.getValue();
    if (solution.kind == Solution::AtLeast || solution.kind == Solution::Exactly)
      value = Extent::symbol(symbols[0]) - solution.number;
    StringRef symbol = symbols.empty() ? StringRef() : symbols[0].getValue();
    std::string text = describe(requirement, solution, symbol) + ", for " + nameNode(requirement);
    MLIRContext *context = function.getContext();
    auto made = vit::RequirementAttr::get(context, StringAttr::get(context, text),
                                          StringAttr::get(context, requirement.isEquality ? "zero" : "non_negative"),
                                          cast<vit::DimsAttr>(getDimsAttr(value, context)));
    for (vit::RequirementAttr &other : attributes)
      if (std::optional<Extent> known = getValue(other); known && other.getKind() == made.getKind()) {
        if (*known == value || (!requirement.isEquality && value.isProvablyAtLeast(*known)))
          return;
        if (!requirement.isEquality && known->isProvablyAtLeast(value)) {
          other = made;
          return;
        }
      }
    attributes.push_back(made);
  }

  void store() {
    if (attributes.empty())
      return;
    SmallVector<Attribute> list(attributes.begin(), attributes.end());
    function->setAttr(name, ArrayAttr::get(function.getContext(), list));
  }

private:
  static std::optional<Extent> getValue(vit::RequirementAttr requirement) {
    vit::DimsAttr dims = requirement.getValue();
    return Extent::fromAffine(dims.getExtent(0), dims.getSymbols().getValue());
  }

  static constexpr StringRef name = "vit.requires";
  func::FuncOp function;
  SmallVector<vit::RequirementAttr> attributes;
};

} // namespace

void vitc::onnx::updateRequirements(func::FuncOp function, ArrayRef<Requirement> requirements) {
  Requirements all(function);
  SmallVector<Extent> seen;
  for (const Requirement &requirement : requirements) {
    // The same one is met again at every op that has the extent.
    Extent value = requirement.getValue();
    if (llvm::is_contained(seen, value))
      continue;
    seen.push_back(value);
    all.add(requirement);
  }
  all.store();
}
