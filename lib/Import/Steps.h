#ifndef VITC_IMPORT_STEPS_H
#define VITC_IMPORT_STEPS_H

#include "Node.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

namespace vitc {

/// Builds the ops that a node becomes. What fails is reported once, at the node; values are null from then on.
class Steps {
public:
  Steps(Node &node, mlir::OpBuilder &builder) : node(node), builder(builder) {}

  /// Fails where an input before `required` is absent, there are more than `most`, or an attribute is not in `known`.
  llvm::LogicalResult check(unsigned required, unsigned most, llvm::ArrayRef<llvm::StringRef> known) {
    for (unsigned position = 0; position < required; ++position)
      if (!node.getInput(position))
        return node.emitError() << "lacks input " << position;
    if (node.inputs.size() > most)
      return node.emitError() << "expected at most " << most << " inputs, got " << node.inputs.size();
    for (mlir::NamedAttribute attribute : node.attributes)
      if (!llvm::is_contained(known, attribute.getName().getValue()))
        return node.emitError() << "has an unknown attribute, '" << attribute.getName().getValue() << "'";
    return llvm::success();
  }

  /// The results of an operator of ONNX in its newest form.
  Outputs make(llvm::StringRef opType, llvm::ArrayRef<mlir::Value> inputs,
               llvm::ArrayRef<mlir::NamedAttribute> attributes = {}, unsigned count = 1) {
    if (hasFailed)
      return Outputs(count);
    Node step{opType, node.opset, node.loc};
    llvm::append_range(step.inputs, inputs);
    step.attributes.append(attributes.begin(), attributes.end());
    step.outputs.assign(count, "result");
    mlir::FailureOr<Outputs> made = buildOp(step, builder);
    hasFailed = failed(made);
    return hasFailed ? Outputs(count) : *made;
  }
  mlir::Value makeOne(llvm::StringRef opType, llvm::ArrayRef<mlir::Value> inputs,
                      llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return make(opType, inputs, attributes).front();
  }

  /// The sum of those that are present.
  mlir::Value add(llvm::ArrayRef<mlir::Value> terms) {
    mlir::Value sum;
    for (mlir::Value term : terms)
      sum = sum && term ? makeOne("Add", {sum, term}) : sum ? sum : term;
    return sum;
  }
  mlir::Value scale(mlir::Value x, mlir::FloatAttr factor) {
    if (!factor || factor.getValueAsDouble() == 1 || hasFailed)
      return x;
    auto type = llvm::dyn_cast<mlir::FloatType>(mlir::getElementTypeOrSelf(x));
    if (!type) {
      hasFailed = true;
      node.emitError() << "expected floats as operands, got " << mlir::getElementTypeOrSelf(x);
      return x;
    }
    auto elements = mlir::DenseElementsAttr::get(mlir::RankedTensorType::get({}, type),
                                                 builder.getFloatAttr(type, factor.getValueAsDouble()));
    return makeOne("Mul", {x, onnx::ConstantOp::create(builder, node.loc, llvm::cast<mlir::ElementsAttr>(elements))});
  }
  mlir::Value integers(llvm::ArrayRef<int64_t> values) {
    auto type = mlir::RankedTensorType::get(values.size(), builder.getI64Type());
    return onnx::ConstantOp::create(builder, node.loc,
                                    llvm::cast<mlir::ElementsAttr>(mlir::DenseElementsAttr::get(type, values)));
  }

  /// An attribute of one kind, null where it is absent; of another kind it is an error.
  template <typename AttrT>
  AttrT get(llvm::StringRef name) {
    mlir::Attribute attribute = node.attributes.get(name);
    auto value = llvm::dyn_cast_or_null<AttrT>(attribute);
    if (attribute && !value && !hasFailed) {
      hasFailed = true;
      node.emitError() << "has an attribute '" << name << "' of a wrong kind, " << attribute;
    }
    return value;
  }
  bool isSet(llvm::StringRef name) {
    auto flag = get<mlir::BoolAttr>(name);
    return flag && flag.getValue();
  }
  mlir::NamedAttribute attribute(llvm::StringRef name, mlir::Attribute value) const {
    return builder.getNamedAttr(name, value);
  }

  /// What the node computes, unless something failed.
  mlir::FailureOr<Outputs> finish(llvm::ArrayRef<mlir::Value> outputs) const {
    return hasFailed ? mlir::FailureOr<Outputs>() : mlir::FailureOr<Outputs>(Outputs(outputs));
  }

private:
  Node &node;
  mlir::OpBuilder &builder;
  bool hasFailed = false;
};

} // namespace vitc

#endif // VITC_IMPORT_STEPS_H
