#include "vitc/Target/Program.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include <map>

using namespace vitc;
using namespace vitc::target;
using llvm::json::OStream;

std::string target::numpyName(const TensorSpec &spec) {
  switch (spec.code) {
  case TypeCode::Int:
    return "int" + std::to_string(spec.bits);
  case TypeCode::UInt:
    return "uint" + std::to_string(spec.bits);
  case TypeCode::Float:
    return "float" + std::to_string(spec.bits);
  case TypeCode::BFloat:
    return "bfloat" + std::to_string(spec.bits);
  case TypeCode::Bool:
    return "bool";
  case TypeCode::Float8E4M3FN:
    return "float8_e4m3fn";
  case TypeCode::Float8E4M3FNUZ:
    return "float8_e4m3fnuz";
  case TypeCode::Float8E5M2:
    return "float8_e5m2";
  case TypeCode::Float8E5M2FNUZ:
    return "float8_e5m2fnuz";
  case TypeCode::Float8E8M0FNU:
    return "float8_e8m0fnu";
  case TypeCode::Float4E2M1FN:
    return "float4_e2m1fn";
  }
  llvm_unreachable("all type codes are named");
}

static llvm::SmallVector<llvm::StringRef> namesOf(const Function &function) {
  return llvm::map_to_vector(function.symbols, [](const Symbol &symbol) { return llvm::StringRef(symbol.name); });
}

static void printTensors(OStream &json, llvm::StringRef key, const Function &function,
                         llvm::ArrayRef<TensorSpec> tensors) {
  llvm::SmallVector<llvm::StringRef> names = namesOf(function);
  json.attributeArray(key, [&] {
    for (const TensorSpec &tensor : tensors)
      json.object([&] {
        json.attribute("name", tensor.name);
        json.attribute("type", numpyName(tensor));
        json.attributeArray("shape", [&] {
          for (const Polynomial &extent : tensor.shape)
            if (extent.isConstant())
              json.value(extent.evaluate({}));
            else
              json.value(extent.print(names));
        });
      });
  });
}

static Polynomial findPeak(const Variant &variant, llvm::ArrayRef<int64_t> symbols) {
  std::map<int32_t, Polynomial> changes; // by step
  for (const BufferSpec &buffer : variant.buffers) {
    changes[buffer.first] = changes[buffer.first] + buffer.bytes;
    changes[buffer.last + 1] = changes[buffer.last + 1] + buffer.bytes * Polynomial(-1);
  }
  Polynomial live, peak;
  for (const auto &[step, change] : changes) {
    live = live + change;
    if (live.evaluate(symbols) > peak.evaluate(symbols))
      peak = live;
  }
  return peak;
}

Polynomial target::peakOfLiveBytes(const Variant &variant) {
  return findPeak(variant, llvm::SmallVector<int64_t>(maxSymbols, 1));
}

int64_t target::peakOfLiveBytes(const Variant &variant, llvm::ArrayRef<int64_t> symbols) {
  return findPeak(variant, symbols).evaluate(symbols);
}

static void printFunction(OStream &json, const Function &function) {
  llvm::SmallVector<llvm::StringRef> names = namesOf(function);
  json.attribute("name", function.name);
  json.attributeArray("symbols", [&] {
    for (const Symbol &symbol : function.symbols)
      if (symbol.kind == SymbolKind::Input)
        json.value(symbol.name);
  });
  printTensors(json, "inputs", function, function.inputs);
  json.attributeArray("requires", [&] {
    for (const Requirement &requirement : function.requirements)
      json.value(requirement.text);
  });
  printTensors(json, "outputs", function, function.outputs);
  if (!function.variants.empty()) {
    const Variant &best = function.variants.front();
    json.attribute("passes", best.passes);
    json.attribute("arena_bytes", peakOfLiveBytes(best).print(names));
    json.attribute("scratch_bytes_per_thread", best.scratchBytes.print(names));
  }
}

static void printTargets(OStream &json, const Program &program) {
  llvm::SmallVector<llvm::StringRef> levels;
  for (const Function &function : program.functions)
    for (const Variant &variant : function.variants)
      if (!llvm::is_contained(levels, variant.target.level))
        levels.push_back(variant.target.level);
  json.attributeArray("targets", [&] {
    for (llvm::StringRef level : levels)
      json.value(level);
  });
}

std::string target::makeInfoJson(const Program &program, const WeightsPlacement &weights) {
  std::string text;
  llvm::raw_string_ostream os(text);
  OStream json(os);
  json.object([&] {
    json.attribute("abi", 1);
    json.attribute("name", program.name);
    json.attribute("vitc", VITC_VERSION);
    json.attribute("glibc", "2.34");
    json.attributeArray("functions", [&] {
      for (const Function &function : program.functions)
        json.object([&] { printFunction(json, function); });
    });
    printTargets(json, program);
    json.attributeObject("tokens", [&] {
      json.attribute("cls", program.tokens.cls);
      json.attribute("registers", program.tokens.registers);
      json.attribute("patches", program.tokens.patches);
    });
    json.attributeObject("options", [&] {
      for (const auto &[key, value] : program.options)
        json.attribute(key, value);
    });
    json.attributeObject("weights", [&] {
      json.attribute("bytes", static_cast<int64_t>(weights.bytes));
      json.attribute("file", weights.file.empty() ? llvm::json::Value(nullptr) : llvm::json::Value(weights.file));
      json.attributeObject("bytes_of_target", [&] {
        for (const TargetWeights &target : program.weights)
          json.attribute(target.level, static_cast<int64_t>(target.bytes));
      });
      json.attribute("shared_bytes", static_cast<int64_t>(program.sharedWeightBytes));
    });
  });
  return text;
}
