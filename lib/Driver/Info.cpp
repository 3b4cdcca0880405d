#include "vitc/Driver/Driver.h"

#include "vitc/Run/Library.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace vitc;
using namespace vitc::driver;

ExitCode vitc::driver::printInfo(llvm::StringRef path, llvm::raw_ostream &out, llvm::raw_ostream &err) {
  llvm::Expected<const vitc_api *> api = run::loadLibrary(path.str());
  if (!api) {
    err << "vitc: error: " << llvm::toString(api.takeError()) << '\n';
    return CannotCompile;
  }
  llvm::Expected<llvm::json::Value> info = llvm::json::parse((*api)->info_json());
  if (!info) {
    err << "vitc: error: " << path << ": expected JSON, got: " << llvm::toString(info.takeError()) << '\n';
    return CannotCompile;
  }
  out << llvm::formatv("{0:2}", *info) << '\n';
  return Done;
}
