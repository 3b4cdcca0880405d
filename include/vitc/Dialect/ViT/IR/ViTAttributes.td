#ifndef VITC_DIALECT_VIT_IR_VITATTRIBUTES_TD
#define VITC_DIALECT_VIT_IR_VITATTRIBUTES_TD

include "vitc/Dialect/ViT/IR/ViTBase.td"

def ViT_DimsAttr : AttrDef<ViT_Dialect, "Dims"> {
  let mnemonic = "dims";
  let summary = "the extents of a tensor over named symbols";
  let description = [{
    One affine expression a dimension, over named symbols (a batch size, an image height). It is the encoding of
    dynamic tensor types in the `onnx` dialect, and `vit.dims` on the arguments and results of an entry function
    throughout, whatever the types say.

    Example: `tensor<?x197x384xf32, #vit.dims<["batch"], affine_map<()[s0] -> (s0, 197, 384)>>>`.
  }];
  let parameters = (ins "::mlir::ArrayAttr":$symbols, "::mlir::AffineMapAttr":$map);
  let assemblyFormat = "`<` $symbols `,` $map `>`";
  let extraClassDeclaration = [{
    ::mlir::AffineExpr getExtent(unsigned dim) const { return getMap().getValue().getResult(dim); }
  }];
  let genVerifyDecl = 1;
}

def ViT_RequirementAttr : AttrDef<ViT_Dialect, "Requirement"> {
  let mnemonic = "requirement";
  let summary = "what the extents of a run have to satisfy";
  let description = [{
    An entry function's `vit.requires` lists them: the one expression of `value` is zero, or not negative where `kind` is
    "non_negative". `text` says it for people, after "expected". A run is refused where it does not hold.

    Example: `#vit.requirement<"height to be a multiple of 2, for the Concat 'join'", "zero", #vit.dims<["height"],
    affine_map<()[s0] -> (s0 mod 2)>>>`.
  }];
  let parameters = (ins "::mlir::StringAttr":$text, "::mlir::StringAttr":$kind, "DimsAttr":$value);
  let assemblyFormat = "`<` $text `,` $kind `,` $value `>`";
  let extraClassDeclaration = [{
    bool isZero() const { return getKind().getValue() == "zero"; }
  }];
  let genVerifyDecl = 1;
}

#endif
