#include "KernelBody.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::vgpu;

static bool isParallel(utils::IteratorType loop) { return loop == utils::IteratorType::parallel; }

/// The extents of the op's loops, read off its memref operands.
static SmallVector<OpFoldResult> getLoopExtents(OpBuilder &builder, linalg::LinalgOp op) {
  SmallVector<Range> ranges = op.createLoopRanges(builder, op.getLoc());
  return llvm::map_to_vector(ranges, [](Range range) { return range.size; });
}

static Value toValue(OpBuilder &builder, Location loc, OpFoldResult value) {
  return getValueOrCreateConstantIndexOp(builder, loc, value);
}

/// The number of points of the parallel loops of `extents`.
static Value countPoints(OpBuilder &builder, linalg::LinalgOp op, ArrayRef<OpFoldResult> extents) {
  Location loc = op.getLoc();
  Value count = arith::ConstantIndexOp::create(builder, loc, 1);
  for (auto [extent, loop] : llvm::zip(extents, op.getIteratorTypesArray()))
    if (isParallel(loop))
      count = builder.createOrFold<arith::MulIOp>(loc, count, toValue(builder, loc, extent));
  return count;
}

Value vitc::vgpu::countThreads(OpBuilder &builder, vcpu::KernelOpInterface op) {
  if (auto structured = dyn_cast<linalg::LinalgOp>(*op))
    return countPoints(builder, structured, getLoopExtents(builder, structured));
  return toValue(builder, op.getLoc(), op.getWorkItems(builder));
}

/// The descriptor of a compact memref as values of the LLVM dialect, cast to the memref that the loops read; the
/// conversion of the loops takes the cast away.
Value KernelBody::makeMemRef(vcpu::BufferOp buffer, Value pointer) {
  Location loc = buffer.getLoc();
  auto type = cast<MemRefType>(buffer.getResult().getType());
  LLVMTypeConverter converter(builder.getContext());
  auto descriptor = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  Value address = LLVM::AddrSpaceCastOp::create(builder, loc, descriptor.getElementPtrType(), pointer);
  descriptor.setAllocatedPtr(builder, loc, address);
  descriptor.setAlignedPtr(builder, loc, address);
  descriptor.setConstantOffset(builder, loc, 0);
  Type i64 = builder.getI64Type();
  Value stride = LLVM::ConstantOp::create(builder, loc, i64, 1);
  for (int64_t dim = type.getRank(); dim-- > 0;) {
    Value size = LLVM::ConstantOp::create(builder, loc, i64, type.isDynamicDim(dim) ? 0 : type.getDimSize(dim));
    if (type.isDynamicDim(dim)) {
      Value extent = mapping.lookup(buffer.getSizes()[type.getDynamicDimIndex(dim)]);
      size = arith::IndexCastOp::create(builder, loc, i64, extent);
    }
    descriptor.setSize(builder, loc, dim, size);
    descriptor.setStride(builder, loc, dim, stride);
    stride = LLVM::MulOp::create(builder, loc, stride, size);
  }
  Value whole = descriptor;
  return UnrealizedConversionCastOp::create(builder, loc, Type(type), whole).getResult(0);
}

void KernelBody::computeValues(ArrayRef<Operation *> buffers, ArrayRef<Operation *> computed, ValueRange pointers) {
  SmallVector<Operation *> ordered(buffers);
  llvm::append_range(ordered, computed);
  llvm::sort(ordered, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *op : ordered) {
    auto buffer = dyn_cast<vcpu::BufferOp>(op);
    if (buffer)
      mapping.map(buffer.getResult(), makeMemRef(buffer, pointers[llvm::find(buffers, op) - buffers.begin()]));
    else
      builder.clone(*op, mapping);
  }
}

Value KernelBody::getThread(Location loc, int64_t block) {
  Type i32 = builder.getI32Type(), index = builder.getIndexType();
  auto read = [&](Value number) -> Value { return arith::IndexCastOp::create(builder, loc, index, number); };
  Value first = arith::MulIOp::create(builder, loc, read(NVVM::BlockIdXOp::create(builder, loc, i32)),
                                      arith::ConstantIndexOp::create(builder, loc, block));
  return arith::AddIOp::create(builder, loc, first, read(NVVM::ThreadIdXOp::create(builder, loc, i32)));
}

/// The point of the parallel loops with number `index`, the last loop fastest: neighbours read neighbours.
static SmallVector<OpFoldResult> findPoint(OpBuilder &builder, linalg::LinalgOp op, ArrayRef<OpFoldResult> extents,
                                           Value index) {
  Location loc = op.getLoc();
  SmallVector<utils::IteratorType> loops = op.getIteratorTypesArray();
  SmallVector<OpFoldResult> point(extents.size(), builder.getIndexAttr(0));
  int64_t first = llvm::find_if(loops, isParallel) - loops.begin();
  for (int64_t loop = static_cast<int64_t>(loops.size()); loop-- > first;) {
    if (!isParallel(loops[loop]))
      continue;
    if (loop == first) {
      point[loop] = index;
      break;
    }
    Value extent = toValue(builder, loc, extents[loop]);
    point[loop] = builder.createOrFold<arith::RemUIOp>(loc, index, extent);
    index = builder.createOrFold<arith::DivUIOp>(loc, index, extent);
  }
  return point;
}

/// Replaces the op by the loops of one point; every structured op on memrefs has them.
static LogicalResult writePoint(RewriterBase &rewriter, linalg::LinalgOp op, Value index) {
  SmallVector<OpFoldResult> sizes = getLoopExtents(rewriter, op);
  SmallVector<OpFoldResult> offsets = findPoint(rewriter, op, sizes, index);
  for (auto [size, loop] : llvm::zip(sizes, op.getIteratorTypesArray()))
    if (isParallel(loop))
      size = rewriter.getIndexAttr(1);
  FailureOr<TilingResult> tiled =
      cast<TilingInterface>(op.getOperation()).getTiledImplementation(rewriter, offsets, sizes);
  if (failed(tiled) || tiled->tiledOps.size() != 1)
    return failure();
  rewriter.eraseOp(op);
  auto point = cast<linalg::LinalgOp>(tiled->tiledOps.front());
  rewriter.setInsertionPoint(point);
  if (failed(linalg::linalgOpToLoops(rewriter, point)))
    return failure();
  rewriter.eraseOp(point);
  return success();
}

LogicalResult KernelBody::write(vcpu::KernelOpInterface op, int64_t block) {
  OpBuilder::InsertionGuard guard(builder);
  Location loc = op.getLoc();
  Value thread = getThread(loc, block);
  auto share = cast<vcpu::KernelOpInterface>(builder.clone(*op, mapping));
  builder.setInsertionPoint(share);
  Value isThere = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, thread, countThreads(builder, share));
  auto branch = scf::IfOp::create(builder, loc, isThere, /*withElseRegion=*/false);
  share->moveBefore(branch.thenBlock()->getTerminator());
  builder.setInsertionPoint(share);
  if (auto structured = dyn_cast<linalg::LinalgOp>(*share)) {
    IRRewriter rewriter(builder);
    return writePoint(rewriter, structured, thread);
  }
  SmallVector<Value> arguments(share->getOperands());
  arguments.push_back(thread);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  arguments.push_back(arith::AddIOp::create(builder, loc, thread, one));
  LogicalResult written = share.emitKernel(builder, arguments);
  share->erase();
  return written;
}
