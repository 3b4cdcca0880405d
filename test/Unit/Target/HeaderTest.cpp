#include "vitc/Target/Library.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

using namespace vitc;
using namespace vitc::target;

static std::string print(const Program &program) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printHeader(program, "tiny", os);
  return text;
}

static Program makeProgram() {
  Program program;
  program.name = "tiny";
  Function function;
  function.inputs = {{"x*/y", TypeCode::Float, 32, {Polynomial::symbol(0), 3}}};
  function.symbols = {{"batch", 0, 0}};
  program.functions.push_back(function);
  return program;
}

TEST(Header, NamesTensorsAndSymbol) {
  std::string text = print(makeProgram());
  EXPECT_NE(text.find("input 0   x* /y: float32 [batch, 3]"), std::string::npos) << text.substr(0, 300);
  EXPECT_NE(text.find("extern const vitc_api *const tiny_model_v1;"), std::string::npos);
}

TEST(Header, NeedsNothingElse) {
  llvm::SmallString<128> path;
  int file;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("header", "c", file, path));
  {
    llvm::raw_fd_ostream os(file, /*shouldClose=*/true);
    os << print(makeProgram()) << "const vitc_api *get(void) { return tiny_model_v1; }\n";
  }
  EXPECT_EQ(llvm::sys::ExecuteAndWait(VITC_C_COMPILER, {VITC_C_COMPILER, "-std=c99", "-pedantic-errors", "-Wall",
                                                        "-Werror", "-fsyntax-only", path}),
            0);
  llvm::sys::fs::remove(path);
}

TEST(Header, PrefixesAreIdentifiers) {
  EXPECT_EQ(makePrefix("deit_s"), "deit_s");
  EXPECT_EQ(makePrefix("vit-b.16"), "vit_b_16");
  EXPECT_EQ(makePrefix("3d"), "_3d");
  EXPECT_EQ(makePrefix(""), "_");
}
