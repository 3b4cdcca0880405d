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

/// pwrite of everything.
static llvm::Error writeAll(int file, llvm::ArrayRef<char> bytes, uint64_t position) {
  while (!bytes.empty()) {
    ssize_t written = llvm::sys::RetryAfterSignal(-1, ::pwrite, file, bytes.data(), bytes.size(), position);
    if (written < 0)
      return llvm::errorCodeToError(llvm::errnoAsErrorCode());
    bytes = bytes.drop_front(written);
    position += written;
  }
  return llvm::Error::success();
}

namespace {
/// Writes a file from front to back in whole huge pages: its pages in memory become as large as the calls allow.
class PageWriter {
public:
  PageWriter(int file, uint64_t position) : file(file), position(position) { buffer.reserve(hugePageBytes); }

  llvm::Error append(llvm::ArrayRef<char> bytes) {
    while (!bytes.empty()) {
      uint64_t room = hugePageBytes - getEnd() % hugePageBytes;
      llvm::ArrayRef<char> part = bytes.take_front(room);
      buffer.insert(buffer.end(), part.begin(), part.end());
      bytes = bytes.drop_front(part.size());
      if (part.size() == room)
        if (llvm::Error error = flush())
          return error;
    }
    return llvm::Error::success();
  }

  /// Goes on at `target`; what is left out is zero, or a hole where it is large.
  llvm::Error skipTo(uint64_t target) {
    if (target - getEnd() < hugePageBytes)
      return append(std::vector<char>(target - getEnd()));
    if (llvm::Error error = flush())
      return error;
    position = target;
    return llvm::Error::success();
  }

  llvm::Error flush() {
    llvm::Error error = writeAll(file, buffer, position);
    position = getEnd();
    buffer.clear();
    return error;
  }

private:
  uint64_t getEnd() const { return position + buffer.size(); }

  int file;
  uint64_t position; ///< of the buffer
  std::vector<char> buffer;
};
} // namespace

llvm::Error Weights::write(int file, uint64_t position) const {
  if (::ftruncate(file, position + bytes) != 0)
    return llvm::errorCodeToError(llvm::errnoAsErrorCode());
  PageWriter writer(file, position);
  for (const WeightBlob &blob : blobs) {
    if (llvm::Error error = writer.skipTo(position + blob.offset))
      return error;
    if (llvm::Error error = writer.append(blob.bytes))
      return error;
  }
  return writer.flush();
}
