#ifndef VITC_TARGET_TINYMODEL_H
#define VITC_TARGET_TINYMODEL_H

#include "vitc/Target/Library.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <cstring>

namespace vitc::target {

/// y[i] = x[i] + w for two elements, where w is the last float of the weights: written for one thread.
inline constexpr const char *tinySource = R"mlir(
  llvm.func @entry(%frame: !llvm.ptr, %thread: i64, %threads: i64) {
    %zero = llvm.mlir.constant(0 : i64) : i64
    %first = llvm.icmp "eq" %thread, %zero : i64
    llvm.cond_br %first, ^work, ^done
  ^work:
    %inputs = llvm.load %frame : !llvm.ptr -> !llvm.ptr
    %x = llvm.load %inputs : !llvm.ptr -> !llvm.ptr
    %p1 = llvm.getelementptr %frame[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %outputs = llvm.load %p1 : !llvm.ptr -> !llvm.ptr
    %y = llvm.load %outputs : !llvm.ptr -> !llvm.ptr
    %p3 = llvm.getelementptr %frame[3] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %weights = llvm.load %p3 : !llvm.ptr -> !llvm.ptr
    %offset = llvm.mlir.constant(OFFSET : i64) : i64
    %pw = llvm.getelementptr %weights[%offset] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    %w = llvm.load %pw : !llvm.ptr -> f32
    %undef = llvm.mlir.poison : vector<2xf32>
    %w0 = llvm.insertelement %w, %undef[%zero : i64] : vector<2xf32>
    %w1 = llvm.shufflevector %w0, %undef [0, 0] : vector<2xf32>
    %v = llvm.load %x {alignment = 4 : i64} : !llvm.ptr -> vector<2xf32>
    %s = llvm.fadd %v, %w1 : vector<2xf32>
    llvm.store %s, %y {alignment = 4 : i64} : vector<2xf32>, !llvm.ptr
    llvm.br ^done
  ^done:
    llvm.return
  })mlir";

inline std::vector<Code> compileText(const std::string &text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::LLVM::LLVMDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  return llvm::cantFail(compileModules({{*module, *TargetInfo::get("x86-64-v3")}}, {}));
}

/// A model of one function, in a folder of its own that goes away with it.
class TinyModel : public testing::Test {
protected:
  TinyModel() {
    llvm::SmallString<128> path;
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("vitc-target", path));
    folder = path.str();
    Function function;
    function.inputs = {{"x", TypeCode::Float, 32, {2}}};
    function.outputs = {{"y", TypeCode::Float, 32, {2}}};
    function.variants = {{*TargetInfo::get("x86-64-v3"), "entry", {}, 0}};
    program.name = "tiny";
    program.functions.push_back(function);
  }
  ~TinyModel() override { llvm::sys::fs::remove_directories(folder); }

  /// Weights of `bytes` bytes whose last float is `value` and whose others are zero.
  void setWeights(uint64_t bytes, float value) {
    last = value;
    weights = {bytes, {{bytes - 4, {reinterpret_cast<const char *>(&last), 4}}}};
    std::string text = tinySource;
    text.replace(text.find("OFFSET"), 6, std::to_string(bytes - 4));
    objects = compileText(text);
  }

  std::string path(llvm::StringRef name) const { return folder + "/" + name.str(); }
  LibraryOptions options(llvm::StringRef name) const { return {path(name), "tiny", "tiny.so", false}; }
  LibraryParts parts() const { return {program, objects, weights}; }

  llvm::Error writeLibrary(const LibraryOptions &options) const { return write(options, writeSharedLibrary); }
  llvm::Error writeObject(const LibraryOptions &options) const { return write(options, writeObjectFile); }

  std::string contents(llvm::StringRef name) const {
    auto buffer = llvm::MemoryBuffer::getFile(path(name), /*IsText=*/false, /*RequiresNullTerminator=*/false);
    EXPECT_TRUE(bool(buffer)) << path(name);
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    std::error_code error;
    for (llvm::sys::fs::directory_iterator it(folder, error), end; it != end; it.increment(error))
      names.push_back(llvm::sys::path::filename(it->path()).str());
    llvm::sort(names);
    return names;
  }

  template <typename Write>
  llvm::Error write(const LibraryOptions &options, Write *writeFile) const {
    std::vector<OutputFile> outputs;
    if (llvm::Error error = writeFile(parts(), options, outputs))
      return error;
    return OutputFile::keepAll(outputs);
  }

  std::string folder;
  Program program;
  Weights weights;
  std::vector<Code> objects;

private:
  float last = 0;
};

} // namespace vitc::target

#endif // VITC_TARGET_TINYMODEL_H
