#include "VerifyShapes.h"

using namespace mlir;
using namespace vitc::vit::detail;

bool vitc::vit::detail::agree(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

bool vitc::vit::detail::agree(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  return a.size() == b.size() &&
         llvm::all_of(llvm::zip(a, b), [](auto pair) { return agree(std::get<0>(pair), std::get<1>(pair)); });
}

std::string vitc::vit::detail::show(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(shape, os, [&](int64_t extent) { ShapedType::isDynamic(extent) ? os << "?" : os << extent; }, "x");
  return text;
}

LogicalResult vitc::vit::detail::verifyPerChannel(Operation *op, StringRef name, Value value, int64_t channels) {
  if (!value || agree(cast<RankedTensorType>(value.getType()).getShape(), {channels}))
    return success();
  return op->emitOpError() << "expected " << name << " of shape " << show({channels}) << ", got " << value.getType();
}

LogicalResult vitc::vit::detail::verifyShape(Operation *op, StringRef name, Value value, ArrayRef<int64_t> expected) {
  auto type = cast<RankedTensorType>(value.getType());
  if (agree(type.getShape(), expected))
    return success();
  return op->emitOpError() << "expected " << name << " of shape " << show(expected) << ", got " << type;
}

LogicalResult vitc::vit::detail::verifyAddends(Operation *op, ValueRange addends, ArrayRef<int64_t> scores) {
  for (Value addend : addends) {
    ArrayRef<int64_t> extents = cast<RankedTensorType>(addend.getType()).getShape();
    ArrayRef<int64_t> last = scores.take_back(extents.size());
    bool broadcasts = extents.size() <= scores.size() && llvm::all_of(llvm::zip_equal(extents, last), [](auto pair) {
                        return std::get<0>(pair) == 1 || agree(std::get<0>(pair), std::get<1>(pair));
                      });
    if (!broadcasts)
      return op->emitOpError("expected addends that broadcast to ") << show(scores) << ", got " << addend.getType();
  }
  return success();
}
