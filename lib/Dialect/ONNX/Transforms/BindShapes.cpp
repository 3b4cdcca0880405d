#include "vitc/Dialect/ONNX/Transforms/Passes.h"

#include "Signature.h"
#include "vitc/Dialect/ONNX/IR/Extent.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "llvm/ADT/StringExtras.h"

namespace vitc::onnx {
#define GEN_PASS_DEF_BINDSHAPESPASS
#include "vitc/Dialect/ONNX/Transforms/Passes.h.inc"
} // namespace vitc::onnx

using namespace mlir;
using namespace vitc::onnx;

/// What symbols stand for, by name.
using Bindings = llvm::MapVector<StringAttr, int64_t>;

namespace {
/// `x=1x3x224x224`.
struct StatedShape {
  StringRef name;
  SmallVector<int64_t> sizes;
};
} // namespace

static FailureOr<StatedShape> parseStatedShape(func::FuncOp function, StringRef text) {
  // The last '=': names may hold one, sizes may not.
  auto [name, sizes] = text.rsplit('=');
  StatedShape stated{name, {}};
  SmallVector<StringRef> parts;
  sizes.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t size;
    if (part.getAsInteger(10, size) || size < 1)
      return function.emitError() << "expected a shape as x=1x3x224x224, got '" << text << "'";
    stated.sizes.push_back(size);
  }
  return stated;
}

static FailureOr<BlockArgument> findInput(func::FuncOp function, StringRef name) {
  SmallVector<StringRef> names;
  for (BlockArgument argument : function.getArguments()) {
    auto own = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "vit.name");
    if (own && own.getValue() == name)
      return argument;
    if (own)
      names.push_back(own.getValue());
  }
  return function.emitError() << "expected the name of an input (" << llvm::join(names, ", ") << "), got '" << name
                              << "'";
}

/// Binds the symbols of one input's extents.
static LogicalResult bindInput(func::FuncOp function, const StatedShape &stated, Bindings &bindings) {
  FailureOr<BlockArgument> input = findInput(function, stated.name);
  if (failed(input))
    return failure();
  FailureOr<SymbolicShape> extents = getExtents(input->getType());
  if (failed(extents) || extents->size() != stated.sizes.size())
    return function.emitError() << "expected " << (succeeded(extents) ? str(*extents) : "a ranked input")
                                << " for input '" << stated.name << "', got " << stated.sizes.size() << " extents";
  for (auto [extent, size] : llvm::zip_equal(*extents, stated.sizes)) {
    SmallVector<StringAttr> symbols;
    extent.collectSymbols(symbols);
    if (symbols.size() == 1 && extent == Extent::symbol(symbols.front())) {
      int64_t &bound = bindings.try_emplace(symbols.front(), size).first->second;
      if (bound != size)
        return function.emitError() << "expected one value of '" << symbols.front().getValue() << "', got " << bound
                                    << " and " << size;
    } else if (extent != Extent(size)) {
      return function.emitError() << "expected " << extent.str() << " in the shape of input '" << stated.name
                                  << "', got " << size;
    }
  }
  return success();
}

/// `type` with the bound symbols replaced.
static Type bindType(Type type, const Bindings &bindings) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  auto dims = tensor ? dyn_cast_or_null<vitc::vit::DimsAttr>(tensor.getEncoding()) : vitc::vit::DimsAttr();
  if (!dims)
    return type;
  SmallVector<AffineExpr> values;
  for (auto [position, symbol] : llvm::enumerate(dims.getSymbols().getAsRange<StringAttr>())) {
    auto bound = bindings.find(symbol);
    values.push_back(bound == bindings.end() ? getAffineSymbolExpr(position, type.getContext())
                                             : getAffineConstantExpr(bound->second, type.getContext()));
  }
  AffineMap map = dims.getMap().getValue();
  map = map.replaceDimsAndSymbols({}, values, 0, map.getNumSymbols());
  auto bound = vitc::vit::DimsAttr::get(type.getContext(), dims.getSymbols(), AffineMapAttr::get(map));
  FailureOr<SymbolicShape> extents =
      getExtents(RankedTensorType::get(tensor.getShape(), tensor.getElementType(), bound));
  return succeeded(extents) ? getTensorType(*extents, tensor.getElementType()) : type;
}

namespace {
struct BindShapesPass final : vitc::onnx::impl::BindShapesPassBase<BindShapesPass> {
  using BindShapesPassBase::BindShapesPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    Bindings bindings;
    for (const std::string &text : shapes) {
      FailureOr<StatedShape> stated = parseStatedShape(function, text);
      if (failed(stated) || failed(bindInput(function, *stated, bindings)))
        return signalPassFailure();
    }
    function.walk([&](Block *block) {
      for (Value argument : block->getArguments())
        argument.setType(bindType(argument.getType(), bindings));
      for (Operation &op : *block)
        for (Value result : op.getResults())
          result.setType(bindType(result.getType(), bindings));
    });
    updateSignature(function);
  }
};
} // namespace
