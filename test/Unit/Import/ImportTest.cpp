#include "vitc/Import/Import.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"

#include "mlir/IR/Diagnostics.h"
#include "onnx.pb.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;
using namespace vitc;

namespace {

/// y = Conv(F(x), w) with a function F, an initializer, attributes of several kinds and absent inputs: something of
/// everything that the importer reads.
std::string makeModel() {
  ::onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  ::onnx::GraphProto &graph = *model.mutable_graph();
  graph.set_name("graph");
  ::onnx::ValueInfoProto &input = *graph.add_input();
  input.set_name("x");
  ::onnx::TypeProto::Tensor &type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(::onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  for (int64_t extent : {4, 8, 8})
    type.mutable_shape()->add_dim()->set_dim_value(extent);
  graph.add_output()->set_name("y");

  ::onnx::TensorProto &weight = *graph.add_initializer();
  weight.set_name("w");
  weight.set_data_type(::onnx::TensorProto::FLOAT);
  for (int64_t extent : {8, 4, 3, 3})
    weight.add_dims(extent);
  weight.set_raw_data(std::string(8 * 4 * 3 * 3 * sizeof(float), '\1'));

  ::onnx::FunctionProto &function = *model.add_functions();
  function.set_name("F");
  function.set_domain("local");
  function.add_input("v");
  function.add_output("u");
  function.add_opset_import()->set_version(17);
  ::onnx::NodeProto &relu = *function.add_node();
  relu.set_op_type("Clip");
  for (const char *name : {"v", "", ""})
    relu.add_input(name);
  relu.add_output("u");

  ::onnx::NodeProto &call = *graph.add_node();
  call.set_op_type("F");
  call.set_domain("local");
  call.add_input("x");
  call.add_output("a");
  ::onnx::NodeProto &conv = *graph.add_node();
  conv.set_name("conv");
  conv.set_op_type("Conv");
  for (const char *name : {"a", "w"})
    conv.add_input(name);
  conv.add_output("y");
  ::onnx::AttributeProto &strides = *conv.add_attribute();
  strides.set_name("strides");
  strides.set_type(::onnx::AttributeProto::INTS);
  for (int64_t stride : {2, 2})
    strides.add_ints(stride);
  return model.SerializeAsString();
}

class ImportTest : public ::testing::Test {
protected:
  ImportTest()
      : handler(&context, [this](Diagnostic &diagnostic) {
          ++numErrors;
          lastError = diagnostic.str();
        }) {}

  FailureOr<OwningOpRef<ModuleOp>> import(StringRef bytes) {
    return importONNX(llvm::MemoryBufferRef(bytes, "model.onnx"), ImportOptions(), &context);
  }

  /// Imports bytes that may not be a model: either a module comes out, or an error is emitted.
  void expectNoSurprise(StringRef bytes) {
    numErrors = 0;
    EXPECT_EQ(failed(import(bytes)), numErrors != 0);
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  ScopedDiagnosticHandler handler;
  unsigned numErrors = 0;
  std::string lastError;
};

TEST_F(ImportTest, ImportsFromMemory) {
  FailureOr<OwningOpRef<ModuleOp>> module = import(makeModel());
  ASSERT_TRUE(succeeded(module)) << lastError;
  unsigned numResources = 0;
  (*module)->walk([&](vitc::onnx::ConstantOp constant) {
    auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
    ASSERT_TRUE(resource);
    ++numResources;
    EXPECT_EQ(resource.getData().size(), 8u * 4 * 3 * 3 * sizeof(float)); // the buffer itself is gone
    EXPECT_EQ(resource.getData().back(), '\1');
  });
  EXPECT_EQ(numResources, 1u);
}

TEST_F(ImportTest, TruncatedModelsAreRefusedOrValid) {
  std::string whole = makeModel();
  for (size_t size = 0; size < whole.size(); ++size)
    expectNoSurprise(StringRef(whole).take_front(size));
}

TEST_F(ImportTest, MutatedModelsAreRefusedOrValid) {
  std::string whole = makeModel();
  std::mt19937 draw(0);
  for (int round = 0; round < 5000; ++round) {
    std::string mutated = whole;
    // The weight's own bytes are uninteresting: change what is around them.
    for (int changes = 1 + draw() % 4; changes > 0; --changes) {
      size_t position = draw() % (whole.size() - 1152);
      position += position >= whole.find("\1\1\1\1\1\1\1\1") ? 1152 : 0;
      mutated[position] = static_cast<char>(draw());
    }
    expectNoSurprise(mutated);
  }
}

TEST_F(ImportTest, RefusesModelsBeyondProtobufsLimit) {
  std::string whole = makeModel();
  StringRef large(whole.data(), size_t(3) << 30); // its bytes are not looked at
  EXPECT_TRUE(failed(import(large)));
  EXPECT_EQ(lastError, "the file is larger than 2 GiB; save the model with external data");
}

TEST(InputShapeTest, Parses) {
  std::optional<InputShape> shape = parseInputShape("a=b=1x3x?");
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->name, "a=b");
  EXPECT_EQ(shape->extents, (SmallVector<int64_t>{1, 3, ShapedType::kDynamic}));
  EXPECT_TRUE(parseInputShape("scalar=")->extents.empty());
  for (StringRef text : {"", "x", "=1x2", "x=1x", "x=x1", "x=1,2", "x=-1", "x=1x2 "})
    EXPECT_FALSE(parseInputShape(text)) << text.str();
}

} // namespace
