#include "vitc/Target/Weights.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "gtest/gtest.h"

using namespace vitc::target;

static std::string message(llvm::Error error) { return llvm::toString(std::move(error)); }

TEST(Weights, OverlapsAndOverrunsAreRefused) {
  llvm::ArrayRef<char> four("abcd", 4);
  EXPECT_EQ(message(Weights{8, {{0, four}, {4, four}}}.verify()), "");
  EXPECT_EQ(message(Weights{8, {{0, four}, {3, four}}}.verify()), "weights at offset 3 overlap those before them");
  EXPECT_EQ(message(Weights{8, {{4, four}, {0, four}}}.verify()), "weights at offset 0 overlap those before them");
  EXPECT_EQ(message(Weights{8, {{5, four}}}.verify()), "weights reach beyond their size of 8 bytes");
}

TEST(Weights, DigestCoversGaps) {
  Weights weights{8192, {{5000, {"ab", 2}}}};
  std::string bytes(8192, '\0');
  bytes.replace(5000, 2, "ab");
  Weights dense{8192, {{0, {bytes.data(), bytes.size()}}}};
  EXPECT_EQ(weights.computeSHA256(), dense.computeSHA256());
  EXPECT_EQ(llvm::toHex(Weights{3, {{0, {"abc", 3}}}}.computeSHA256(), /*LowerCase=*/true),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Weights, AreWrittenAtTheirPlace) {
  llvm::SmallString<128> path;
  int file;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("weights", "bin", file, path));
  Weights weights{10, {{1, {"ab", 2}}, {6, {"c", 1}}}};
  EXPECT_EQ(message(weights.write(file, 4)), "");
  llvm::sys::Process::SafelyCloseFileDescriptor(file);
  auto buffer = llvm::MemoryBuffer::getFile(path);
  ASSERT_TRUE(buffer);
  EXPECT_EQ((*buffer)->getBuffer(), llvm::StringRef("\0\0\0\0\0ab\0\0\0c\0\0\0", 14));
  llvm::sys::fs::remove(path);
}

TEST(Weights, SpanHugePages) {
  std::string first(hugePageBytes + 5, 'a'), second(3, 'b');
  uint64_t far = 5 * hugePageBytes + 7;
  Weights weights{far + 100, {{3, {first.data(), first.size()}}, {far, {second.data(), second.size()}}}};
  llvm::SmallString<128> path;
  int file;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("weights", "bin", file, path));
  EXPECT_EQ(message(weights.write(file, 11)), "");
  llvm::sys::Process::SafelyCloseFileDescriptor(file);
  auto buffer = llvm::MemoryBuffer::getFile(path);
  ASSERT_TRUE(buffer);
  std::string expected(11 + weights.bytes, '\0');
  expected.replace(11 + 3, first.size(), first);
  expected.replace(11 + far, second.size(), second);
  EXPECT_TRUE((*buffer)->getBuffer() == expected);
  llvm::sys::fs::remove(path);
}
