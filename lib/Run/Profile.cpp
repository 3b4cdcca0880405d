#include "vitc/Run/Profile.h"

#include "llvm/ADT/STLExtras.h"

using namespace vitc::run;

double Step::bound(const Roofs &roofs) const {
  if (roofs.flopsPerSecond == 0)
    return 0;
  double products = 2.0 * macs / roofs.flopsPerSecond;
  double memory = weightBytes / roofs.memoryBytesPerSecond + activationBytes / roofs.cacheBytesPerSecond;
  return std::max(products, memory);
}

int64_t Profile::endOf(size_t run, size_t step) const {
  int64_t end = 0;
  for (int thread = 0; thread < threads; ++thread)
    end = std::max(end, times(run, thread)[step].finished);
  return end;
}

double Profile::medianSeconds(size_t step) const {
  std::vector<double> values;
  for (size_t run = 0; run < runs.size(); ++run)
    values.push_back(seconds(run, step));
  return median(std::move(values));
}

size_t Profile::medianRun() const {
  std::vector<std::pair<double, size_t>> order;
  for (size_t run = 0; run < runs.size(); ++run)
    order.emplace_back(duration(run), run);
  llvm::sort(order);
  return order[(order.size() - 1) / 2].second;
}

double vitc::run::median(std::vector<double> values) {
  llvm::sort(values);
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}
