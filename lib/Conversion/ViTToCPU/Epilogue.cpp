#include "Epilogue.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

void vitc::buildKernelEpilogue(PatternRewriter &rewriter, Location loc, Region &source, bool hasBias, unsigned extras,
                               Type element, Region &target) {
  if (extras == 0 && source.empty())
    return;
  OpBuilder::InsertionGuard guard(rewriter);
  SmallVector<Type> types(1 + extras, element);
  SmallVector<Location> locations(types.size(), loc);
  Block *block = rewriter.createBlock(&target, {}, types, locations);
  SmallVector<Value> arguments(block->getArguments());
  if (hasBias) {
    Value sum = arith::AddFOp::create(rewriter, loc, arguments[0], arguments[1]);
    arguments.erase(arguments.begin() + 1);
    arguments[0] = sum;
  }
  Value result = arguments[0];
  if (!source.empty()) {
    IRMapping mapping;
    mapping.map(source.front().getArguments(), arguments);
    for (Operation &scalar : source.front().without_terminator())
      rewriter.clone(scalar, mapping);
    result = mapping.lookupOrDefault(source.front().getTerminator()->getOperand(0));
  }
  vcpu::YieldOp::create(rewriter, loc, result);
}
