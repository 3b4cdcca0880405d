#include "vitc/Support/Tuning.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace vitc;
namespace json = llvm::json;

const Tuning::Schedule *Tuning::find(llvm::StringRef key) const {
  auto found = schedules.find(key.str());
  return found == schedules.end() ? nullptr : &found->second;
}

std::string vitc::tuningKey(const TargetInfo &target, llvm::StringRef kernel, llvm::ArrayRef<int64_t> extents) {
  llvm::StringRef precision = target.precision == Precision::BF16 ? " bf16 " : " fp32 ";
  auto numbers = llvm::map_range(extents, [](int64_t extent) { return std::to_string(extent); });
  return (target.level + precision + kernel + " " + llvm::join(numbers, "x")).str();
}

static llvm::Error foreign(llvm::StringRef path, llvm::StringRef why) {
  return llvm::createStringError("'" + path + "' is not a tuning file: " + why);
}

/// What is not a number is left out: a newer vitc wrote it.
static Tuning::Schedule readSchedule(const json::Object &object) {
  Tuning::Schedule schedule;
  for (const auto &[name, value] : object)
    if (std::optional<int64_t> number = value.getAsInteger())
      schedule[name.str()] = *number;
  return schedule;
}

llvm::Expected<Tuning> Tuning::read(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path + "': " + buffer.getError().message());
  llvm::Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value)
    return foreign(path, llvm::toString(value.takeError()));
  const json::Object *root = value->getAsObject();
  if (!root || root->getInteger("vitc_tuning") != 1)
    return foreign(path, "it has no \"vitc_tuning\": 1");
  const json::Object *schedules = root->getObject("schedules");
  std::optional<llvm::StringRef> cpu = root->getString("cpu");
  if (!schedules || !cpu)
    return foreign(path, "it lacks \"cpu\" or \"schedules\"");
  Tuning tuning{cpu->str(), {}, {}};
  for (const auto &[name, text] : *root)
    if (std::optional<llvm::StringRef> words = text.getAsString(); words && name != "cpu")
      tuning.about[name.str()] = words->str();
  for (const auto &[key, schedule] : *schedules)
    if (const json::Object *object = schedule.getAsObject())
      tuning.schedules[key.str()] = readSchedule(*object);
  return tuning;
}

llvm::Error Tuning::write(llvm::StringRef path) const {
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    json::OStream stream(os, /*IndentSize=*/2);
    stream.object([&] {
      stream.attribute("vitc_tuning", 1);
      stream.attribute("cpu", cpu);
      for (const auto &[name, words] : about)
        stream.attribute(name, words);
      stream.attributeObject("schedules", [&] {
        for (const auto &[key, schedule] : schedules)
          stream.attributeObject(key, [&] {
            for (const auto &[name, number] : schedule)
              stream.attribute(name, number);
          });
      });
    });
    os << '\n';
    return llvm::Error::success();
  });
}
