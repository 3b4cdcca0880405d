#include "vitc/Dialect/ViT/Utils/TuningAttribute.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace vitc;

void vitc::vit::setTuning(Operation *module, const Tuning &tuning) {
  Builder builder(module->getContext());
  SmallVector<NamedAttribute> kernels;
  for (const auto &[key, schedule] : tuning.schedules) {
    SmallVector<NamedAttribute> numbers;
    for (const auto &[name, number] : schedule)
      numbers.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(number)));
    kernels.push_back(builder.getNamedAttr(key, builder.getDictionaryAttr(numbers)));
  }
  module->setAttr(kTuningAttr, builder.getDictionaryAttr(kernels));
}

std::shared_ptr<const Tuning> vitc::vit::readTuning(Operation *module) {
  auto schedules = module->getAttrOfType<DictionaryAttr>(kTuningAttr);
  if (!schedules)
    return nullptr;
  auto tuning = std::make_shared<Tuning>();
  for (NamedAttribute kernel : schedules)
    if (auto numbers = dyn_cast<DictionaryAttr>(kernel.getValue()))
      for (NamedAttribute number : numbers)
        if (auto value = dyn_cast<IntegerAttr>(number.getValue()))
          tuning->schedules[kernel.getName().str()][number.getName().str()] = value.getInt();
  return tuning;
}
