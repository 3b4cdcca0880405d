#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <dlfcn.h>

/// Every symbol of a stub is in this machine's library, in the version the stub says.
static void expectSymbolsIn(llvm::StringRef library) {
  void *handle = dlopen(library.str().c_str(), RTLD_NOW);
  ASSERT_TRUE(handle);
  auto map = llvm::MemoryBuffer::getFile(VITC_STUB_MAPS "/" + library + ".map");
  ASSERT_TRUE(map);
  llvm::SmallVector<llvm::StringRef> lines;
  (*map)->getBuffer().split(lines, '\n');
  std::string version;
  int symbols = 0;
  for (llvm::StringRef line : lines) {
    if (line.starts_with("GLIBC_"))
      version = line.take_until([](char c) { return c == ' '; }).str();
    if (!line.starts_with("    "))
      continue;
    std::string symbol = line.trim(" ;").str();
    EXPECT_TRUE(dlvsym(handle, symbol.c_str(), version.c_str())) << symbol << "@" << version;
    ++symbols;
  }
  EXPECT_GT(symbols, 10);
  dlclose(handle);
}

TEST(Stubs, LibcHasTheirSymbols) { expectSymbolsIn("libc.so.6"); }
TEST(Stubs, LibmHasTheirSymbols) { expectSymbolsIn("libm.so.6"); }
