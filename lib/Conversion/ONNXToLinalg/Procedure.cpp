#include "Procedure.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::onnx;

using Values = ProcedureBuilder::Values;

Value ProcedureBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
Value ProcedureBuilder::constant(Type type, double value) {
  return arith::ConstantOp::create(builder, loc, getScalarAttr(value, type));
}
Value ProcedureBuilder::add(Value lhs, Value rhs) { return arith::AddIOp::create(builder, loc, lhs, rhs); }
Value ProcedureBuilder::sub(Value lhs, Value rhs) { return arith::SubIOp::create(builder, loc, lhs, rhs); }
Value ProcedureBuilder::mul(Value lhs, Value rhs) { return arith::MulIOp::create(builder, loc, lhs, rhs); }
Value ProcedureBuilder::min(Value lhs, Value rhs) { return arith::MinSIOp::create(builder, loc, lhs, rhs); }
Value ProcedureBuilder::less(Value lhs, Value rhs) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, lhs, rhs);
}
Value ProcedureBuilder::logicalAnd(Value lhs, Value rhs) { return arith::AndIOp::create(builder, loc, lhs, rhs); }
Value ProcedureBuilder::select(Value condition, Value whenTrue, Value whenFalse) {
  return arith::SelectOp::create(builder, loc, condition, whenTrue, whenFalse);
}
Value ProcedureBuilder::isFloat(arith::CmpFPredicate predicate, Value lhs, Value rhs) {
  return arith::CmpFOp::create(builder, loc, predicate, lhs, rhs);
}

Value ProcedureBuilder::isNonZero(Value element) {
  Type type = element.getType();
  if (type.isInteger(1))
    return element;
  Value zero = constant(type, 0);
  if (isa<FloatType>(type))
    return isFloat(arith::CmpFPredicate::UNE, element, zero);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, element, zero);
}

Value ProcedureBuilder::toI64(Value index) {
  return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
}
Value ProcedureBuilder::toIndex(Value integer) {
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), integer);
}

Value ProcedureBuilder::dim(Value memref, int64_t dimension) {
  return memref::DimOp::create(builder, loc, memref, dimension);
}
Value ProcedureBuilder::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(builder, loc, memref, indices);
}
void ProcedureBuilder::store(Value value, Value memref, ValueRange indices) {
  memref::StoreOp::create(builder, loc, value, memref, indices);
}

Values ProcedureBuilder::loop(Value begin, Value end, ValueRange inits, function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, begin, end, index(1), inits,
                                 [&](OpBuilder &inner, Location, Value position, ValueRange carried) {
                                   OpBuilder::InsertionGuard guard(builder);
                                   builder.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
                                   Values next = body(position, carried);
                                   scf::YieldOp::create(builder, loc, next);
                                 });
  return loop.getResults();
}

void ProcedureBuilder::forEach(Value begin, Value end, function_ref<void(Value)> body) {
  loop(begin, end, {}, [&](Value position, ValueRange) {
    body(position);
    return Values();
  });
}

Values ProcedureBuilder::loopWhile(ValueRange inits, function_ref<Value(ValueRange)> condition,
                                   function_ref<Values(ValueRange)> body) {
  auto loop = scf::WhileOp::create(
      builder, loc, inits.getTypes(), inits,
      [&](OpBuilder &inner, Location, ValueRange carried) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
        Value holds = condition(carried);
        scf::ConditionOp::create(builder, loc, holds, carried);
      },
      [&](OpBuilder &inner, Location, ValueRange carried) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
        Values next = body(carried);
        scf::YieldOp::create(builder, loc, next);
      });
  return loop.getResults();
}

Values ProcedureBuilder::walkFrom(Value memref, Values position, ValueRange inits,
                                  function_ref<Values(ValueRange, ValueRange)> body) {
  if (static_cast<int64_t>(position.size()) == cast<MemRefType>(memref.getType()).getRank())
    return body(position, inits);
  return loop(index(0), dim(memref, position.size()), inits, [&](Value i, ValueRange carried) {
    Values inner = position;
    inner.push_back(i);
    return walkFrom(memref, inner, carried, body);
  });
}

Values ProcedureBuilder::walk(Value memref, ValueRange inits, function_ref<Values(ValueRange, ValueRange)> body) {
  return walkFrom(memref, {}, inits, body);
}

void ProcedureBuilder::branch(Value condition, function_ref<void()> then) {
  scf::IfOp::create(builder, loc, condition, [&](OpBuilder &inner, Location) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
    then();
    scf::YieldOp::create(builder, loc);
  });
}

Values ProcedureBuilder::choose(Value condition, function_ref<Values()> then, function_ref<Values()> otherwise) {
  auto emit = [&](function_ref<Values()> body) {
    return [&, body](OpBuilder &inner, Location) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
      Values values = body();
      scf::YieldOp::create(builder, loc, values);
    };
  };
  return scf::IfOp::create(builder, loc, condition, emit(then), emit(otherwise)).getResults();
}

void ProcedureBuilder::sift(Value root, Value end, function_ref<Value(Value, Value)> goesAbove,
                            function_ref<void(Value, Value)> swap) {
  Value one = index(1);
  auto firstChild = [&](Value place) { return add(add(place, place), one); };
  loopWhile(
      {root}, [&](ValueRange place) { return less(firstChild(place[0]), end); },
      [&](ValueRange place) {
        Value left = firstChild(place[0]), right = add(left, one);
        Value child = choose(
            less(right, end), [&] { return Values{select(goesAbove(right, left), right, left)}; },
            [&] { return Values{left}; })[0];
        return choose(
            goesAbove(child, place[0]),
            [&] {
              swap(place[0], child);
              return Values{child};
            },
            [&] { return Values{end}; });
      });
}

SmallVector<Tensor> vitc::onnx::buildProcedure(TensorBuilder &builder, Value items, ArrayRef<Tensor> inputs,
                                               ArrayRef<std::pair<Extents, Type>> outputs, ProcedureBody body) {
  auto values = llvm::map_to_vector(inputs, [](const Tensor &input) { return input.value; });
  SmallVector<Value> inits;
  for (auto &[extents, element] : outputs)
    inits.push_back(builder.empty(extents, element));
  auto procedure = vit::ProcedureOp::create(builder.builder, builder.loc, items, values, inits,
                                            [&](OpBuilder &b, Location loc, Value item, ValueRange buffers) {
                                              ProcedureBuilder inner(b, loc);
                                              body(inner, item, buffers);
                                            });
  SmallVector<Tensor> results;
  for (auto [result, output] : llvm::zip_equal(procedure.getResults(), outputs))
    results.push_back({result, output.first});
  return results;
}
