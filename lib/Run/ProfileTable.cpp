#include "vitc/Run/Profile.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace vitc::run;
using llvm::formatv;
using llvm::StringRef;

namespace {

/// What a step, or several, took and did.
struct Row {
  int64_t steps = 0;
  double seconds = 0; ///< until the last thread had finished
  double bound = 0;   ///< what they take at least
  double slowest = 0; ///< thread's work, in seconds
  double work = 0;    ///< of a thread in the mean
  double wait = 0;    ///< of a thread in the mean
  double macs = 0, weightBytes = 0, activationBytes = 0;

  Row &operator+=(const Row &other) {
    steps += other.steps;
    seconds += other.seconds;
    bound += other.bound;
    slowest += other.slowest;
    work += other.work;
    wait += other.wait;
    macs += other.macs;
    weightBytes += other.weightBytes;
    activationBytes += other.activationBytes;
    return *this;
  }
};

/// Prints the rows of a table.
class Table {
public:
  Table(bool threaded, double total, llvm::raw_ostream &os) : threaded(threaded), total(total), os(os) {}

  /// How wide the names of nodes may be, for lines of 132 columns.
  size_t nodeWidth() const { return threaded ? 34 : 48; }

  void header(StringRef first) const {
    os << first
       << formatv(" {0,9} {1,6} {2,8} {3,6} {4,8} {5,8} {6,8}", "ms", "share", "GFLOP/s", "roof", "MMACs", "weights",
                  "others");
    os << (threaded ? "   slow  waits\n" : "\n");
  }

  void row(StringRef first, const Row &row) const {
    double gflops = row.seconds > 0 ? 2e-9 * row.macs / row.seconds : 0;
    os << first
       << formatv(" {0,9:F3} {1,6} {2,8} {3,6} {4,8:F1} {5,8} {6,8}", row.seconds * 1e3, percent(row.seconds, total),
                  row.macs > 0 ? formatv("{0:F1}", gflops).str() : "-",
                  row.bound > 0 ? percent(row.bound, row.seconds) : "-", row.macs * 1e-6, bytes(row.weightBytes),
                  bytes(row.activationBytes));
    if (threaded)
      os << formatv(" {0,6:F2} {1,6}", row.work > 0 ? row.slowest / row.work : 1.0,
                    percent(row.wait, row.wait + row.work));
    os << '\n';
  }

private:
  static std::string percent(double part, double whole) {
    return formatv("{0:F1}%", whole > 0 ? 100 * part / whole : 0);
  }

  static std::string bytes(double count) {
    return count < 1e6 ? formatv("{0:F1} KB", count * 1e-3) : formatv("{0:F1} MB", count * 1e-6);
  }

  bool threaded;
  double total;
  llvm::raw_ostream &os;
};

} // namespace

static Row measureStep(const Profile &profile, const Roofs &roofs, size_t index) {
  const Step &step = profile.steps[index];
  std::vector<double> slowest, work, wait;
  for (size_t run = 0; run < profile.runs.size(); ++run) {
    int64_t most = 0, worked = 0, waited = 0;
    for (int thread = 0; thread < profile.threads; ++thread) {
      const vitc_step_time &time = profile.times(run, thread)[index];
      most = std::max(most, time.finished - time.began);
      worked += time.finished - time.began;
      waited += time.left - time.finished;
    }
    slowest.push_back(most * 1e-9);
    work.push_back(worked * 1e-9 / profile.threads);
    wait.push_back(waited * 1e-9 / profile.threads);
  }
  Row row;
  row.steps = 1;
  row.seconds = profile.medianSeconds(index);
  row.bound = step.bound(roofs);
  row.slowest = median(slowest);
  row.work = median(work);
  row.wait = median(wait);
  row.macs = double(step.macs);
  row.weightBytes = double(step.weightBytes);
  row.activationBytes = double(step.activationBytes);
  return row;
}

/// How many characters a text shows: its bytes but for those that continue a character of UTF-8.
static size_t countColumns(StringRef text) {
  return llvm::count_if(text, [](char c) { return (c & 0xc0) != 0x80; });
}

/// A name for a terminal in at most `width` columns, padded to that: the middle is left out, and control characters.
static std::string fit(StringRef name, size_t width) {
  std::string text;
  for (char c : name)
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (countColumns(text) > width) {
    auto isInside = [&](size_t at) { return (text[at] & 0xc0) == 0x80; };
    size_t head = width / 2 - 1, tail = text.size() - (width - head - 2);
    while (head > 0 && isInside(head))
      --head;
    while (tail < text.size() && isInside(tail))
      ++tail;
    text = text.substr(0, head) + ".." + text.substr(tail);
  }
  return text.append(width - std::min(width, countColumns(text)), ' ');
}

/// The main node and how many others there are.
static std::string describeNodes(const Step &step, size_t width) {
  std::string others = step.nodes.size() > 1 ? formatv(" +{0}", step.nodes.size() - 1).str() : "";
  std::string name = fit(step.nodes.empty() ? "-" : step.nodes.front(), width - others.size());
  size_t end = name.find_last_not_of(' ') + 1;
  return name.substr(0, end) + others + name.substr(end);
}

static void printRoofs(const Profile &profile, const Roofs &roofs, llvm::raw_ostream &os) {
  if (roofs.flopsPerSecond == 0)
    return;
  os << formatv("roof: products at {0:F1} GFLOP/s ({1}, f32), or weights from memory at {2:F1} GB/s and other operands "
                "from L2 at {3:F1} GB/s,\n      whichever takes longer; measured now, {4} thread{5} at once\n",
                roofs.flopsPerSecond * 1e-9, roofs.vectors, roofs.memoryBytesPerSecond * 1e-9,
                roofs.cacheBytesPerSecond * 1e-9, profile.threads, profile.threads == 1 ? "" : "s");
}

void vitc::run::printProfile(const Profile &profile, const Roofs &roofs, llvm::raw_ostream &os) {
  std::vector<Row> rows;
  llvm::MapVector<StringRef, Row> kinds;
  Row total;
  for (size_t step = 0; step < profile.steps.size(); ++step) {
    rows.push_back(measureStep(profile, roofs, step));
    kinds[profile.steps[step].kind] += rows.back();
    total += rows.back();
  }
  Table table(profile.threads > 1, total.seconds, os);
  table.header(formatv("{0,4} {1,-15} {2}", "step", "kind", fit("node", table.nodeWidth())).str());
  for (size_t i = 0; i < rows.size(); ++i)
    table.row(formatv("{0,4} {1,-15} {2}", i, fit(profile.steps[i].kind, 15),
                      describeNodes(profile.steps[i], table.nodeWidth()))
                  .str(),
              rows[i]);
  auto sorted = kinds.takeVector();
  llvm::sort(sorted, [](const auto &a, const auto &b) {
    return std::pair(-a.second.seconds, a.first) < std::pair(-b.second.seconds, b.first);
  });
  os << '\n';
  table.header(formatv("{0,-20} {1,5}", "kind", "steps").str());
  for (const auto &[kind, row] : sorted)
    table.row(formatv("{0} {1,5}", fit(kind, 20), row.steps).str(), row);
  table.row(formatv("{0,-20} {1,5}", "all", total.steps).str(), total);
  os << formatv("\ncode for {0}, {1} thread{2}, medians of {3} runs; times of a step end with its last thread\n",
                profile.level, profile.threads, profile.threads == 1 ? "" : "s", profile.runs.size());
  if (profile.threads > 1)
    os << "slow: work of the slowest thread / mean; waits: part of the threads' time spent at barriers\n";
  printRoofs(profile, roofs, os);
}
