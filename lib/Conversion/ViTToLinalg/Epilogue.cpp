#include "Epilogue.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace vitc;

bool EpilogueParts::readsProjections() const {
  return llvm::all_of(maps, [](AffineMap map) { return map.isProjectedPermutation(/*allowZeroInResults=*/true); });
}

Value vitc::applyEpilogue(OpBuilder &builder, Location loc, const EpilogueParts &epilogue, Value sums,
                          int64_t channel) {
  if (!epilogue.bias && epilogue.region->empty())
    return sums;
  auto type = cast<RankedTensorType>(sums.getType());
  int64_t rank = type.getRank();
  AffineMap whole = builder.getMultiDimIdentityMap(rank);
  SmallVector<Value> inputs{sums};
  SmallVector<AffineMap> maps{whole};
  if (epilogue.bias) {
    inputs.push_back(epilogue.bias);
    maps.push_back(AffineMap::get(rank, 0, builder.getAffineDimExpr(channel)));
  }
  llvm::append_range(inputs, epilogue.extras);
  llvm::append_range(maps, epilogue.maps);
  maps.push_back(whole);
  Value init = tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, sums), type.getElementType());
  SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange arguments) {
    SmallVector<Value> scalars(arguments.drop_back());
    if (epilogue.bias) {
      scalars[0] = arith::AddFOp::create(b, loc, scalars[0], scalars[1]);
      scalars.erase(scalars.begin() + 1);
    }
    Value result = scalars[0];
    if (!epilogue.region->empty()) {
      Block &block = epilogue.region->front();
      IRMapping mapping;
      mapping.map(block.getArguments(), scalars);
      for (Operation &scalar : block.without_terminator())
        b.clone(scalar, mapping);
      result = mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
    }
    linalg::YieldOp::create(b, loc, result);
  };
  return linalg::GenericOp::create(builder, loc, TypeRange(init.getType()), inputs, init, maps, parallel, body)
      .getResult(0);
}
