#include "vitc/Target/Weights.h"

#include "llvm/Support/Errno.h"
#include "llvm/Support/SHA256.h"

#include <algorithm>
#include <unistd.h>

using namespace vitc::target;

llvm::Error Weights::verify() const {
  uint64_t end = 0;
  for (const WeightBlob &blob : blobs) {
    if (blob.offset < end)
      return llvm::createStringError("weights at offset %llu overlap those before them",
                                     static_cast<unsigned long long>(blob.offset));
    end = blob.offset + blob.bytes.size();
  }
  if (end > bytes)
    return llvm::createStringError("weights reach beyond their size of %llu bytes",
                                   static_cast<unsigned long long>(bytes));
  return llvm::Error::success();
}

void Weights::forEachPiece(llvm::function_ref<void(llvm::ArrayRef<char>)> consume) const {
  static constexpr char zeros[4096] = {};
  uint64_t position = 0;
  auto fillTo = [&](uint64_t end) {
    while (position < end) {
      uint64_t count = std::min<uint64_t>(sizeof(zeros), end - position);
      consume(llvm::ArrayRef<char>(zeros, count));
      position += count;
    }
  };
  for (const WeightBlob &blob : blobs) {
    fillTo(blob.offset);
    consume(blob.bytes);
    position += blob.bytes.size();
  }
  fillTo(bytes);
}

std::array<uint8_t, 32> Weights::computeSHA256() const {
  llvm::SHA256 hash;
  forEachPiece([&](llvm::ArrayRef<char> piece) { hash.update(llvm::StringRef(piece.data(), piece.size())); });
  return hash.final();
}

/// pwrite of everything, in calls that the kernel accepts (at most 2 GiB each).
static llvm::Error writeAll(int file, llvm::ArrayRef<char> bytes, uint64_t position) {
  while (!bytes.empty()) {
    size_t count = std::min<size_t>(bytes.size(), size_t(1) << 30);
    ssize_t written = llvm::sys::RetryAfterSignal(-1, ::pwrite, file, bytes.data(), count, position);
    if (written < 0)
      return llvm::errorCodeToError(llvm::errnoAsErrorCode());
    bytes = bytes.drop_front(written);
    position += written;
  }
  return llvm::Error::success();
}

llvm::Error Weights::write(int file, uint64_t position) const {
  if (::ftruncate(file, position + bytes) != 0)
    return llvm::errorCodeToError(llvm::errnoAsErrorCode());
  for (const WeightBlob &blob : blobs)
    if (llvm::Error error = writeAll(file, blob.bytes, position + blob.offset))
      return error;
  return llvm::Error::success();
}
