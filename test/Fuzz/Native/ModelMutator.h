#ifndef VITC_TEST_FUZZ_NATIVE_MODELMUTATOR_H
#define VITC_TEST_FUZZ_NATIVE_MODELMUTATOR_H

#include "onnx.pb.h"
#include <random>
#include <string>
#include <vector>

namespace vitc::fuzz {

/// Changes an ONNX model a little, as one that was damaged or made to attack: edges, operators, attributes, extents,
/// types, bytes. What comes out still parses.
class ModelMutator {
public:
  ModelMutator(onnx::ModelProto &model, unsigned seed) : model(model), random(seed) {}

  /// One change, or a few.
  void mutate();
  /// Takes nodes and initializers of `other` over, and joins them to what is here.
  void cross(const onnx::ModelProto &other);

private:
  size_t below(size_t bound) { return bound ? random() % bound : 0; }
  bool chance(unsigned oneIn) { return below(oneIn) == 0; }
  /// A number that is likely to be at an edge of something.
  int64_t drawInteger();
  float drawFloat();

  /// The graph, the graph of some attribute, or null where nodes of a function were asked for.
  google::protobuf::RepeatedPtrField<onnx::NodeProto> *drawNodes();
  onnx::NodeProto *drawNode();
  onnx::TensorProto *drawTensor();
  onnx::ValueInfoProto *drawValueInfo();
  /// A name that something in the graph has.
  std::string drawName();

  void changeOnce();
  void changeEdge();
  void changeOperator();
  void changeNodeList();
  void changeAttribute();
  void addAttribute();
  void setAttribute(onnx::AttributeProto &attribute);
  void changeExtent();
  void changeDims(google::protobuf::RepeatedField<int64_t> &dims);
  void changeIntegers();
  void changeData();
  void changeType();
  void changeInterface();
  void changeOpset();
  void addFunction();
  void nestGraph();
  void makeExternal();
  void changeString();

  onnx::ModelProto &model;
  std::minstd_rand random;
};

/// Fills initializers that have no data, which seeds leave out to be small, if they are of a size one may have.
void fillWeights(onnx::ModelProto &model);

} // namespace vitc::fuzz

#endif // VITC_TEST_FUZZ_NATIVE_MODELMUTATOR_H
