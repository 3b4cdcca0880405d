#include "vitc/Driver/Driver.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "gtest/gtest.h"

using namespace vitc::driver;

namespace {

/// What a compilation says and returns.
struct Outcome {
  ExitCode code;
  std::string out, err;
};

Outcome run(const Options &options) {
  Outcome outcome;
  llvm::raw_string_ostream out(outcome.out), err(outcome.err);
  outcome.code = compile(options, out, err);
  return outcome;
}

} // namespace

TEST(Driver, NoModelIsAMistakeOfUsage) {
  Outcome outcome = run({});
  EXPECT_EQ(outcome.code, Usage);
  EXPECT_EQ(outcome.err, "vitc: error: expected a model to compile\n");
}

TEST(Driver, NoOutputIsAMistakeOfUsage) {
  Options options;
  options.input = "model.onnx";
  Outcome outcome = run(options);
  EXPECT_EQ(outcome.code, Usage);
  EXPECT_NE(outcome.err.find("expected -o"), std::string::npos);
}

TEST(Driver, UnknownLevelIsNamedWithTheKnownOnes) {
  Options options;
  options.input = "model.onnx";
  options.output = "model.so";
  options.levels = {"pentium"};
  Outcome outcome = run(options);
  EXPECT_EQ(outcome.code, Usage);
  EXPECT_NE(outcome.err.find("'pentium'"), std::string::npos);
  EXPECT_NE(outcome.err.find("x86-64-v3"), std::string::npos);
}

TEST(Driver, UnknownPrecisionIsAMistakeOfUsage) {
  Options options;
  options.input = "model.onnx";
  options.output = "model.so";
  options.precision = "fp8";
  Outcome outcome = run(options);
  EXPECT_EQ(outcome.code, Usage);
  EXPECT_EQ(outcome.err, "vitc: error: expected fp32, tf32, bf16, fp16, auto in --precision, got 'fp8'\n");
}

TEST(Driver, PrecisionsOfGPUsAreRefusedForCPUs) {
  Options options;
  options.input = "model.onnx";
  options.output = "model.so";
  options.levels = {"cuda-sm_80", "x86-64-v3"};
  for (std::string precision : {"fp16", "tf32"}) {
    options.precision = precision;
    Outcome outcome = run(options);
    EXPECT_EQ(outcome.code, CannotCompile);
    EXPECT_EQ(outcome.err, "vitc: error: --precision=" + precision +
                               " is for GPUs, and x86-64-v3 is none: expected fp32, bf16 or auto\n");
  }
}

TEST(Driver, MalformedShapeIsAMistakeOfUsage) {
  Options options;
  options.input = "model.onnx";
  options.output = "model.so";
  options.shapes = {"x=1x-3"};
  Outcome outcome = run(options);
  EXPECT_EQ(outcome.code, Usage);
  EXPECT_NE(outcome.err.find("x=1x-3"), std::string::npos);
}

TEST(Driver, UnknownKindsAreNamedWithTheKnownOnes) {
  Options options;
  options.input = "model.onnx";
  options.output = "model.so";
  options.requireFused = {"atention"};
  Outcome outcome = run(options);
  EXPECT_EQ(outcome.code, Usage);
  EXPECT_NE(outcome.err.find("'atention'"), std::string::npos);
  EXPECT_NE(outcome.err.find("layer_norm"), std::string::npos);
}

TEST(Driver, TheModelIsNotReplaced) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("model", "onnx", path));
  llvm::FileRemover remover(path);
  Options options;
  options.input = options.output = path.str().str();
  Outcome outcome = run(options);
  EXPECT_EQ(outcome.code, Usage);
  EXPECT_TRUE(llvm::sys::fs::exists(path));
}

TEST(Driver, MissingModelIsNamed) {
  Options options;
  options.input = "/nonexistent/model.onnx";
  options.output = "/nonexistent/model.so";
  Outcome outcome = run(options);
  EXPECT_EQ(outcome.code, CannotCompile);
  EXPECT_NE(outcome.err.find("/nonexistent/model.onnx"), std::string::npos);
}

TEST(Driver, InfoRefusesWhatIsNoLibrary) {
  std::string out, err;
  llvm::raw_string_ostream outStream(out), errStream(err);
  EXPECT_EQ(printInfo("/nonexistent/model.so", outStream, errStream), CannotCompile);
  EXPECT_NE(err.find("/nonexistent/model.so"), std::string::npos);
}
