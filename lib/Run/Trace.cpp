#include "vitc/Run/Profile.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace vitc::run;
using llvm::json::OStream;

/// Nanoseconds as the format's microseconds.
static void writeMicroseconds(OStream &json, llvm::StringRef key, int64_t nanoseconds) {
  json.attributeBegin(key);
  json.rawValue(
      [&](llvm::raw_ostream &os) { os << nanoseconds / 1000 << llvm::formatv(".{0:d3}", nanoseconds % 1000).str(); });
  json.attributeEnd();
}

static std::string utf8(llvm::StringRef text) { return llvm::json::fixUTF8(text); }

static void writeEvent(OStream &json, int thread, llvm::StringRef name, llvm::StringRef category, int64_t begin,
                       int64_t end, llvm::function_ref<void()> writeArguments) {
  json.object([&] {
    json.attribute("name", utf8(name));
    json.attribute("cat", category);
    json.attribute("ph", "X");
    json.attribute("pid", 1);
    json.attribute("tid", thread);
    writeMicroseconds(json, "ts", begin);
    writeMicroseconds(json, "dur", end - begin);
    json.attributeObject("args", writeArguments);
  });
}

static void writeStep(OStream &json, const Profile &profile, const Roofs &roofs, size_t index) {
  const Step &step = profile.steps[index];
  json.attribute("step", int64_t(index));
  json.attribute("kind", step.kind);
  json.attributeArray("nodes", [&] {
    for (const std::string &node : step.nodes)
      json.value(utf8(node));
  });
  json.attribute("macs", step.macs);
  json.attribute("weight_bytes", step.weightBytes);
  json.attribute("activation_bytes", step.activationBytes);
  double seconds = profile.medianSeconds(index);
  json.attribute("median_seconds", seconds);
  if (seconds <= 0)
    return;
  json.attribute("gflops", 2e-9 * step.macs / seconds);
  if (double bound = step.bound(roofs))
    json.attribute("roof", bound / seconds);
}

static void writeThread(OStream &json, const Profile &profile, const Roofs &roofs, size_t run, int thread) {
  json.object([&] {
    json.attribute("name", "thread_name");
    json.attribute("ph", "M");
    json.attribute("pid", 1);
    json.attribute("tid", thread);
    json.attributeObject("args", [&] { json.attribute("name", "thread " + std::to_string(thread)); });
  });
  for (const auto &[index, time] : llvm::enumerate(profile.times(run, thread))) {
    const Step &step = profile.steps[index];
    writeEvent(json, thread, step.name(), step.kind, time.began, time.finished,
               [&, index = index] { writeStep(json, profile, roofs, index); });
    if (time.left > time.finished)
      writeEvent(json, thread, "wait", "barrier", time.finished, time.left,
                 [&, index = index] { json.attribute("step", int64_t(index)); });
  }
}

void vitc::run::writeTrace(const Profile &profile, const Roofs &roofs, llvm::StringRef model, llvm::raw_ostream &os) {
  size_t run = profile.medianRun();
  OStream json(os);
  json.object([&] {
    json.attributeArray("traceEvents", [&] {
      for (int thread = 0; thread < profile.threads; ++thread)
        writeThread(json, profile, roofs, run, thread);
    });
    json.attribute("displayTimeUnit", "ms");
    json.attributeObject("otherData", [&] {
      json.attribute("model", utf8(model));
      json.attribute("level", profile.level);
      json.attribute("threads", profile.threads);
      json.attribute("seconds", profile.duration(run));
      json.attribute("vectors", roofs.vectors);
      json.attribute("flops_per_second", roofs.flopsPerSecond);
      json.attribute("memory_bytes_per_second", roofs.memoryBytesPerSecond);
      json.attribute("cache_bytes_per_second", roofs.cacheBytesPerSecond);
    });
  });
  os << '\n';
}
