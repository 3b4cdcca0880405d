#include "WeightPool.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

/// What kernels may expect of a weight's address.
static constexpr uint64_t kAlignment = 64;

/// Bytes of a constant that is not stored as it lies in memory: a splat, or booleans packed in bits.
static std::vector<char> expandConstant(DenseElementsAttr value) {
  std::vector<char> bytes;
  if (value.getElementType().isInteger(1)) {
    for (bool element : value.getValues<bool>())
      bytes.push_back(element);
    return bytes;
  }
  ArrayRef<char> element = value.getRawData();
  bytes.reserve(element.size() * value.getNumElements());
  for (int64_t i = 0; i < value.getNumElements(); ++i)
    bytes.insert(bytes.end(), element.begin(), element.end());
  return bytes;
}

FailureOr<ArrayRef<char>> WeightPool::getBytes(Operation *global, Attribute value) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return global->emitError("expected a constant with data, got a resource without");
    return blob->getData();
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return global->emitError("expected dense data, got ") << value;
  if (dense.isSplat() || dense.getElementType().isInteger(1))
    return ArrayRef<char>(expanded.emplace_back(expandConstant(dense)));
  return dense.getRawData();
}

uint64_t WeightPool::place(ArrayRef<char> bytes) {
  std::pair key(bytes.size(),
                llvm::xxh3_64bits(ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size())));
  auto [first, last] = blobsOf.equal_range(key);
  for (auto entry = first; entry != last; ++entry) {
    if (weights.blobs[entry->second].bytes != bytes)
      continue;
    Reader &reader = readers[entry->second];
    if (reader.module != modules) {
      sharedBytes += reader.shared ? 0 : bytes.size();
      moduleBytes += bytes.size();
      reader = {modules, true};
    }
    return weights.blobs[entry->second].offset;
  }
  uint64_t offset = llvm::alignTo(weights.bytes, kAlignment);
  blobsOf.emplace(key, weights.blobs.size());
  weights.blobs.push_back({offset, bytes});
  weights.bytes = offset + bytes.size();
  readers.push_back({modules, false});
  moduleBytes += bytes.size();
  return offset;
}

FailureOr<uint64_t> WeightPool::take(ModuleOp module) {
  ++modules;
  moduleBytes = 0;
  std::multimap<int64_t, memref::GlobalOp> globals; // by their offset in the module: the order of first use
  for (auto global : llvm::make_early_inc_range(module.getOps<memref::GlobalOp>())) {
    if (auto offset = global->getAttrOfType<IntegerAttr>("vcpu.offset"))
      globals.emplace(offset.getInt(), global);
    else
      global.erase();
  }
  DenseMap<int64_t, int64_t> moved;
  for (auto [offset, global] : globals) {
    FailureOr<ArrayRef<char>> bytes = getBytes(global, global.getInitialValueAttr());
    if (failed(bytes))
      return failure();
    if (!bytes->empty()) // an empty constant has the offset of the next one
      moved[offset] = place(*bytes);
    global.erase();
  }
  module.walk([&](vcpu::BufferOp buffer) {
    if (buffer.getRegion() == vcpu::MemoryRegion::weights)
      buffer.setIndex(moved.lookup(buffer.getIndex()));
  });
  return moduleBytes;
}
