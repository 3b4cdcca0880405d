#ifndef VITC_RUN_PROFILE_H
#define VITC_RUN_PROFILE_H

#include "vitc/Run/Roofs.h"

#include "vitc-c/Model.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace vitc::run {

/// A vitc_step of the runtime's, copied.
struct Step {
  std::string kind;
  std::vector<std::string> nodes; ///< the main one first
  int64_t macs = 0, weightBytes = 0, activationBytes = 0;

  /// What stands for the step: its main node, or its kind where it has none.
  const std::string &name() const { return nodes.empty() ? kind : nodes.front(); }
  /// The time that it takes at least: that of its products at the peak, or of its weights from memory and its other
  /// operands from the cache, whichever is longer. In seconds.
  double bound(const Roofs &roofs) const;
};

/// The runs of one session, with the same inputs, and when each did what.
struct Profile {
  std::string level; ///< whose code ran
  int threads = 0;
  std::vector<Step> steps;
  /// Of each run [threads][steps], in nanoseconds since it began.
  std::vector<std::vector<vitc_step_time>> runs;

  /// The times of one thread in one run.
  llvm::ArrayRef<vitc_step_time> times(size_t run, int thread) const {
    return llvm::ArrayRef(runs[run]).slice(thread * steps.size(), steps.size());
  }
  /// When the last thread finished a step, in nanoseconds.
  int64_t endOf(size_t run, size_t step) const;
  /// What a step took: from the last thread's end of the step before to that of this one.
  double seconds(size_t run, size_t step) const {
    return (endOf(run, step) - (step ? endOf(run, step - 1) : 0)) * 1e-9;
  }
  /// The median over the runs.
  double medianSeconds(size_t step) const;
  /// When the last thread finished the last step, in seconds.
  double duration(size_t run) const { return steps.empty() ? 0 : endOf(run, steps.size() - 1) * 1e-9; }
  /// The run whose duration is the median.
  size_t medianRun() const;
};

/// The middle one, or the mean of the two in the middle.
double median(std::vector<double> values);

/// Prints a line for each step, in order, and one for each kind, the longest first. Times are medians over the runs.
void printProfile(const Profile &profile, const Roofs &roofs, llvm::raw_ostream &os);

/// Writes the run of median duration as a trace for Perfetto or chrome://tracing: a track a thread, an event a step and
/// one a wait. What it says of a step's speed is of the median of the runs.
void writeTrace(const Profile &profile, const Roofs &roofs, llvm::StringRef model, llvm::raw_ostream &os);

} // namespace vitc::run

#endif // VITC_RUN_PROFILE_H
