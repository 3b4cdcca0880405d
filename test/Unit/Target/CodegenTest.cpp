#include "vitc/Target/Codegen.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ELFObjectFile.h"
#include "gtest/gtest.h"

using namespace vitc;
using namespace vitc::target;

static constexpr const char *source = R"mlir(
  llvm.mlir.global private constant @table(dense<[1.0, 2.0]> : tensor<2xf32>) : !llvm.array<2 x f32>
  llvm.mlir.global private @counter(0 : i32) : i32
  llvm.func @vitc_barrier(!llvm.ptr)
  llvm.func @double(%p: !llvm.ptr) {
    %t = llvm.mlir.addressof @table : !llvm.ptr
    %a = llvm.load %p : !llvm.ptr -> vector<16xf32>
    %b = llvm.fadd %a, %a : vector<16xf32>
    llvm.store %b, %p : vector<16xf32>, !llvm.ptr
    %c = llvm.load %t : !llvm.ptr -> i32
    %q = llvm.mlir.addressof @counter : !llvm.ptr
    llvm.store %c, %q : i32, !llvm.ptr
    llvm.return
  }
  llvm.func @main(%frame: !llvm.ptr, %thread: i64, %threads: i64) {
    llvm.call @double(%frame) : (!llvm.ptr) -> ()
    llvm.call @vitc_barrier(%frame) : (!llvm.ptr) -> ()
    %q = llvm.mlir.addressof @counter : !llvm.ptr
    %c = llvm.load %q : !llvm.ptr -> i32
    llvm.store %c, %frame : i32, !llvm.ptr
    llvm.return
  })mlir";

class Codegen : public testing::Test {
protected:
  Codegen() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<mlir::LLVM::LLVMDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
  }

  std::vector<Code> compile(llvm::StringRef level, CodegenOptions options = {}) {
    llvm::Expected<std::vector<Code>> codes = compileModules({{*module, *TargetInfo::get(level)}}, options);
    EXPECT_TRUE(bool(codes));
    return codes ? std::move(*codes) : std::vector<Code>();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

static llvm::StringRef view(const Code &code) { return {code.data(), code.size()}; }

/// What objects define for others, with `undefined` what they want from others.
static llvm::StringSet<> symbolsOf(llvm::ArrayRef<Code> codes, bool undefined) {
  llvm::StringSet<> names;
  for (const Code &code : codes) {
    auto object = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(view(code), "code"));
    EXPECT_TRUE(bool(object));
    for (const llvm::object::ELFSymbolRef symbol : (*object)->symbols()) {
      uint32_t flags = llvm::cantFail(symbol.getFlags());
      llvm::StringRef name = llvm::cantFail(symbol.getName());
      if (name.empty() || !(flags & llvm::object::SymbolRef::SF_Global) ||
          bool(flags & llvm::object::SymbolRef::SF_Undefined) != undefined)
        continue;
      EXPECT_TRUE(undefined || symbol.getOther() == llvm::ELF::STV_HIDDEN) << name.str();
      names.insert(name);
    }
  }
  return names;
}

TEST_F(Codegen, DefinitionsAreHiddenAndNamedByLevel) {
  std::vector<Code> codes = compile("x86-64-v3");
  EXPECT_EQ(codes.size(), 2u);
  llvm::StringSet<> defined = symbolsOf(codes, /*undefined=*/false);
  EXPECT_EQ(defined.size(), 3u);
  EXPECT_TRUE(defined.contains("main.x86-64-v3"));
  EXPECT_TRUE(defined.contains("double.x86-64-v3"));
  llvm::StringSet<> wanted = symbolsOf(codes, /*undefined=*/true);
  EXPECT_TRUE(wanted.contains("vitc_barrier"));
  EXPECT_FALSE(wanted.contains("table"));
}

TEST_F(Codegen, OnePartHoldsEverything) {
  std::vector<Code> codes = compile("x86-64-v3", {.parts = 1});
  EXPECT_EQ(codes.size(), 1u);
  EXPECT_EQ(symbolsOf(codes, /*undefined=*/true).size(), 1u);
}

TEST_F(Codegen, SameInputSameBytes) {
  std::vector<Code> once = compile("x86-64-v4", {.threads = 1}), again = compile("x86-64-v4", {.threads = 2});
  ASSERT_EQ(once.size(), again.size());
  for (size_t i = 0; i < once.size(); ++i)
    EXPECT_EQ(view(once[i]), view(again[i]));
}

TEST_F(Codegen, LevelsUseTheirRegisters) {
  auto assembly = [&](llvm::StringRef level) {
    std::string text;
    for (const Code &code : compile(level, {.kind = CodeKind::Assembly}))
      text += view(code);
    return text;
  };
  EXPECT_EQ(assembly("x86-64-v3").find("%zmm"), std::string::npos);
  EXPECT_NE(assembly("x86-64-v3").find("%ymm"), std::string::npos);
  for (const char *level : {"x86-64-v4", "znver4", "sapphirerapids"})
    EXPECT_NE(assembly(level).find("%zmm"), std::string::npos);
  EXPECT_NE(assembly("aarch64").find(".4s"), std::string::npos);
}

TEST_F(Codegen, WhatHasNoTranslationIsRefused) {
  context.allowUnregisteredDialects();
  auto foreign = mlir::parseSourceString<mlir::ModuleOp>("\"other.op\"() : () -> ()", &context);
  mlir::ScopedDiagnosticHandler ignore(&context, [](mlir::Diagnostic &) {});
  auto codes = compileModules({{*foreign, *TargetInfo::get("x86-64-v3")}}, {});
  ASSERT_FALSE(bool(codes));
  EXPECT_EQ(llvm::toString(codes.takeError()), "the module for x86-64-v3 could not be translated to LLVM IR");
}
