#include "vitc/Driver/Driver.h"

#include "vitc-c/Model.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <dlfcn.h>

using namespace vitc::driver;

/// The text of a library's info_json, or what is wrong with the file.
static llvm::Expected<std::string> readInfo(llvm::StringRef path) {
  // dlopen looks a bare name up in the system's folders.
  llvm::SmallString<128> absolute(path);
  if (std::error_code error = llvm::sys::fs::make_absolute(absolute))
    return llvm::createStringError(error, "%s", path.str().c_str());
  void *library = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return llvm::createStringError(llvm::inconvertibleErrorCode(), "%s", dlerror());
  auto close = llvm::scope_exit([&] { dlclose(library); });
  auto *const *api = static_cast<const vitc_api *const *>(dlsym(library, "vitc_model_v1"));
  if (!api || (*api)->abi != VITC_ABI)
    return llvm::createStringError(llvm::inconvertibleErrorCode(), "%s: expected a library that vitc wrote",
                                   path.str().c_str());
  return std::string((*api)->info_json());
}

ExitCode vitc::driver::printInfo(llvm::StringRef path, llvm::raw_ostream &out, llvm::raw_ostream &err) {
  llvm::Expected<std::string> text = readInfo(path);
  if (!text) {
    err << "vitc: error: " << llvm::toString(text.takeError()) << '\n';
    return CannotCompile;
  }
  llvm::Expected<llvm::json::Value> info = llvm::json::parse(*text);
  if (!info) {
    err << "vitc: error: " << path << ": expected JSON, got: " << llvm::toString(info.takeError()) << '\n';
    return CannotCompile;
  }
  out << llvm::formatv("{0:2}", *info) << '\n';
  return Done;
}
