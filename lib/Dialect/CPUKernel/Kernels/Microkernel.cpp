#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;

/// A broadcast element of A: f32, or pairs of bf16.
static Value broadcastElement(KernelBuilder &kernel, Value element) {
  if (!element.getType().isInteger(32))
    return kernel.broadcast(element);
  auto type = VectorType::get({kernel.lanes}, element.getType());
  Value pairs = vector::BroadcastOp::create(kernel.builder, kernel.loc, type, element);
  return kernel.bitcast(pairs, kernel.builder.getBF16Type());
}

void vitc::vcpu::forEachOfShare(KernelBuilder &kernel, int64_t rows, Value tile, Value tiles, Value part, int64_t parts,
                                function_ref<void(Value)> body) {
  Value share = kernel.ceilDiv(kernel.index(rows), tiles), perPart = kernel.ceilDiv(share, kernel.index(parts));
  Value begin = kernel.mul(tile, share), first = kernel.add(begin, kernel.mul(part, perPart));
  Value end = kernel.min(kernel.add(begin, share), kernel.index(rows));
  kernel.forEach(first, kernel.min(kernel.add(first, perPart), end), kernel.index(1), body);
}

void vitc::vcpu::forEachOfPart(KernelBuilder &kernel, int64_t count, Value part, int64_t parts,
                               function_ref<void(Value)> body) {
  auto perPart = static_cast<int64_t>(llvm::divideCeil(count, parts));
  Value first = kernel.mul(part, perPart);
  for (int64_t index = 0; index < perPart; ++index) {
    Value which = kernel.add(first, index);
    kernel.branch(kernel.less(which, kernel.index(count)), [&] { body(which); });
  }
}

KernelBuilder::Values vitc::vcpu::emitMicrokernel(KernelBuilder &kernel, int64_t rows, int64_t vectors, Value begin,
                                                  Value end, ValueRange inits, function_ref<Value(Value, int64_t)> a,
                                                  function_ref<Value(Value, int64_t)> b) {
  return kernel.loop(begin, end, kernel.index(1), inits, [&](Value k, ValueRange carried) {
    KernelBuilder::Values columns, next;
    for (int64_t vector = 0; vector < vectors; ++vector)
      columns.push_back(b(k, vector));
    for (int64_t row = 0; row < rows; ++row) {
      Value element = broadcastElement(kernel, a(k, row));
      bool pairs = element.getType() != kernel.vectorType;
      for (int64_t vector = 0; vector < vectors; ++vector) {
        Value sum = carried[row * vectors + vector];
        next.push_back(pairs ? kernel.dotPairs(element, columns[vector], sum)
                             : kernel.fma(element, columns[vector], sum));
      }
    }
    return next;
  });
}
