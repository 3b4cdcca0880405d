#ifndef VITC_SUPPORT_TUNING_H
#define VITC_SUPPORT_TUNING_H

#include "vitc/Support/TargetInfo.h"

#include "llvm/Support/Error.h"

#include <map>

namespace vitc {

/// Schedules that were measured to be faster than what the cost model expects, on one machine; see `vitc --tune`. The
/// file is JSON: `{"vitc_tuning": 1, "cpu": "znver5", "schedules": {"znver4 fp32 gemm 197x384x1152": {"mc": 256}}}`.
struct Tuning {
  /// Numbers by name, of which the cost model takes those that it knows.
  using Schedule = std::map<std::string, int64_t>;

  std::string cpu;                           ///< as LLVM names it
  std::map<std::string, Schedule> schedules; ///< by kernel, see `tuningKey`
  std::map<std::string, std::string> about;  ///< what else the file tells in words: the GPU, its driver, the date

  /// What was measured of a kernel, or null.
  const Schedule *find(llvm::StringRef key) const;

  static llvm::Expected<Tuning> read(llvm::StringRef path);
  /// The file appears under its name when it is complete.
  llvm::Error write(llvm::StringRef path) const;
};

/// The level, the precision, the kernel and its extents: "znver4 fp32 gemm 197x384x1152".
std::string tuningKey(const TargetInfo &target, llvm::StringRef kernel, llvm::ArrayRef<int64_t> extents);

} // namespace vitc

#endif // VITC_SUPPORT_TUNING_H
