#ifndef VITC_RUN_ZIP_H
#define VITC_RUN_ZIP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace vitc::run {

struct ZipMember {
  std::string name;
  std::vector<char> bytes;
};

/// All members of a zip archive, stored or deflated (APPNOTE 6.3.10, with the 64-bit extension).
llvm::Expected<std::vector<ZipMember>> readZip(llvm::StringRef file);

/// An archive of these members, stored. Neither it nor a member reaches 4 GB.
std::string makeZip(llvm::ArrayRef<ZipMember> members);

} // namespace vitc::run

#endif // VITC_RUN_ZIP_H
