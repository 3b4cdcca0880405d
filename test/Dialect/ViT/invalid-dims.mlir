// RUN: vitc-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{expected names as symbols, got [1]}}
func.func @dims_c1_names(%x: tensor<?x4xf32, #vit.dims<[1], affine_map<()[s0] -> (s0, 4)>>>) {
  return
}

// -----

// expected-error @+1 {{expected a map from no dimensions and 1 symbols, got affine_map<()[s0, s1] -> (s0, s1)>}}
func.func @dims_c1_symbols(%x: tensor<?x?xf32, #vit.dims<["batch"], affine_map<()[s0, s1] -> (s0, s1)>>>) {
  return
}

// -----

// expected-error @+1 {{expected a map from no dimensions and 1 symbols, got affine_map<(d0)[s0] -> (s0, d0)>}}
func.func @dims_c1_dimensions(%x: tensor<?x4xf32, #vit.dims<["batch"], affine_map<(d0)[s0] -> (s0, d0)>>>) {
  return
}

// -----

// expected-error @+1 {{expected "zero" or "non_negative", got "positive"}}
func.func @kind() attributes {vit.requires = [#vit.requirement<"n", "positive", #vit.dims<["n"], affine_map<()[s0] -> (s0)>>>]}

// -----

// expected-error @+1 {{expected one expression, got}}
func.func @expressions() attributes {vit.requires = [#vit.requirement<"n", "zero", #vit.dims<["n"], affine_map<()[s0] -> (s0, 1)>>>]}
