#include "Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace vitc::onnx;

Scalar Scalar::constant(double number) const {
  auto type = cast<FloatType>(value.getType());
  return {*builder, loc, arith::ConstantOp::create(*builder, loc, FloatAttr::get(type, number))};
}

Scalar Scalar::fromIndex(OpBuilder &builder, Location loc, Value index, Type type) {
  Value integer = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
  return {builder, loc, arith::SIToFPOp::create(builder, loc, type, integer)};
}

Value Scalar::toIndex(Value last) const {
  // Numbers are brought into the range of integers before they become some.
  Scalar bounded = getLesser(getGreater(*this, 0), 0x1p40);
  Value integer = arith::FPToSIOp::create(*builder, loc, builder->getI64Type(), bounded.value);
  Value index = arith::IndexCastOp::create(*builder, loc, builder->getIndexType(), integer);
  return arith::MinSIOp::create(*builder, loc, index, last);
}

Type vitc::onnx::getComputeType(Type type) {
  bool isNarrow = type.getIntOrFloatBitWidth() <= (isa<FloatType>(type) ? 32 : 16);
  return isNarrow ? Type(Float32Type::get(type.getContext())) : Float64Type::get(type.getContext());
}

Scalar Scalar::fromElement(OpBuilder &builder, Location loc, Value element, Type type, bool isUnsigned) {
  if (element.getType() == type)
    return {builder, loc, element};
  if (isa<FloatType>(element.getType()))
    return {builder, loc, arith::ExtFOp::create(builder, loc, type, element)};
  Value number = isUnsigned ? arith::UIToFPOp::create(builder, loc, type, element).getResult()
                            : arith::SIToFPOp::create(builder, loc, type, element).getResult();
  return {builder, loc, number};
}

Value Scalar::toElement(Type type, bool isUnsigned) const {
  if (type == value.getType())
    return value;
  if (isa<FloatType>(type))
    return arith::TruncFOp::create(*builder, loc, type, value);
  int bits = static_cast<int>(type.getIntOrFloatBitWidth()) - (isUnsigned ? 0 : 1);
  double least = isUnsigned ? 0 : -std::ldexp(1.0, bits), most = std::ldexp(1.0, bits);
  most = bits <= 32 ? most - 1 : std::nextafter(most, 0.0);
  Scalar bounded = getLesser(getGreater(*this, least), most);
  return isUnsigned ? arith::FPToUIOp::create(*builder, loc, type, bounded.value).getResult()
                    : arith::FPToSIOp::create(*builder, loc, type, bounded.value).getResult();
}

template <typename OpTy>
static Scalar combine(const Scalar &a, const Scalar &b) {
  return {*a.builder, a.loc, OpTy::create(*a.builder, a.loc, a.value, b.value)};
}

Scalar vitc::onnx::operator+(const Scalar &a, const Scalar &b) { return combine<arith::AddFOp>(a, b); }
Scalar vitc::onnx::operator-(const Scalar &a, const Scalar &b) { return combine<arith::SubFOp>(a, b); }
Scalar vitc::onnx::operator*(const Scalar &a, const Scalar &b) { return combine<arith::MulFOp>(a, b); }
Scalar vitc::onnx::operator/(const Scalar &a, const Scalar &b) { return combine<arith::DivFOp>(a, b); }

Scalar vitc::onnx::getLesser(const Scalar &a, const Scalar &b) { return choose(isLess(a, b), a, b); }
Scalar vitc::onnx::getGreater(const Scalar &a, const Scalar &b) { return choose(isLess(b, a), a, b); }

Scalar vitc::onnx::getFloor(const Scalar &x) {
  return {*x.builder, x.loc, math::FloorOp::create(*x.builder, x.loc, x.value)};
}

Scalar vitc::onnx::getCeil(const Scalar &x) {
  return {*x.builder, x.loc, math::CeilOp::create(*x.builder, x.loc, x.value)};
}

Scalar vitc::onnx::getMagnitude(const Scalar &x) {
  return {*x.builder, x.loc, math::AbsFOp::create(*x.builder, x.loc, x.value)};
}

Scalar vitc::onnx::roundToEven(const Scalar &x) {
  return {*x.builder, x.loc, math::RoundEvenOp::create(*x.builder, x.loc, x.value)};
}

static Value compare(arith::CmpFPredicate predicate, const Scalar &a, const Scalar &b) {
  return arith::CmpFOp::create(*a.builder, a.loc, predicate, a.value, b.value);
}

Value vitc::onnx::isLess(const Scalar &a, const Scalar &b) { return compare(arith::CmpFPredicate::OLT, a, b); }
Value vitc::onnx::isAtMost(const Scalar &a, const Scalar &b) { return compare(arith::CmpFPredicate::OLE, a, b); }

Scalar vitc::onnx::choose(Value condition, const Scalar &then, const Scalar &otherwise) {
  return {*then.builder, then.loc,
          arith::SelectOp::create(*then.builder, then.loc, condition, then.value, otherwise.value)};
}
