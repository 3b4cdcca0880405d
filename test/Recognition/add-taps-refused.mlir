// RUN: vitc-opt %s --vit-add-taps --split-input-file --verify-diagnostics

// expected-error@+1 {{tap 'scores': no attention was recognised in the model}}
func.func @no_attention(%x: tensor<2x8xf32>) -> tensor<2x8xf32> attributes {vit.taps = ["scores"]} {
  return %x : tensor<2x8xf32>
}

// -----

// expected-error@+1 {{tap 'keys:1': expected layers from -1 to 0, got 1}}
func.func @no_such_layer(%q: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["keys:1"]} {
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %a : tensor<2x9x2x4xf32>
}

// -----

// expected-error@+1 {{tap 'keys:-1-0': expected a range of layers that does not end before it begins, got -1 to 0 of 2}}
func.func @range_ends_first(%q: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["keys:-1-0"]} {
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  %b = vit.attention %a, %a, %a {scale = 0.5 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %b : tensor<2x9x2x4xf32>
}

// -----

// expected-error@+1 {{tap 'keys:-1': 'tap.keys.0' is an output already}}
func.func @twice(%q: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["keys", "keys:-1"]} {
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %a : tensor<2x9x2x4xf32>
}

// -----

// expected-error@+1 {{tap 'maps': expected the name of an output, or KIND or KIND:LAYERS with a kind of scores, attention, cls_attention, queries, keys, values, tokens, norms}}
func.func @unknown_kind(%q: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["maps"]} {
  return %q : tensor<2x9x2x4xf32>
}

// -----

// What is asked of all layers is asked of those that have it.
// expected-error@+1 {{tap 'queries': none of the layers has it}}
func.func @inherited(%s: tensor<2x2x9x9xf32>, %v: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["queries"]} {
  // expected-remark@+1 {{tap 'queries': layer 0 inherits its scores, and has no queries and keys of its own; it is left out}}
  %a = vit.attend %s, %v : (tensor<2x2x9x9xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %a : tensor<2x9x2x4xf32>
}

// -----

func.func @inherited_by_number(%s: tensor<2x2x9x9xf32>, %v: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["queries:0"]} {
  // expected-error@+1 {{tap 'queries:0': layer 0 inherits its scores, and has no queries and keys of its own}}
  %a = vit.attend %s, %v : (tensor<2x2x9x9xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %a : tensor<2x9x2x4xf32>
}

// -----

func.func @no_softmax(%s: tensor<2x2x9x9xf32>, %v: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["attention:0"]} {
  // expected-error@+1 {{tap 'attention:0': layer 0 multiplies its values with maps that no softmax made}}
  %a = vit.attend %s, %v {normalized} : (tensor<2x2x9x9xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %a : tensor<2x9x2x4xf32>
}

// -----

// The stream of another branch is added, not what the attention was computed from.
func.func @no_residual(%q: tensor<2x9x2x4xf32>, %other: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["tokens:0"]} {
  // expected-error@+1 {{tap 'tokens:0': layer 0 has no residual sum of its result with what it was computed from}}
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  %e = tensor.empty() : tensor<2x9x2x4xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%a, %other : tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) outs(%e : tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %s : tensor<2x9x2x4xf32>
}

// -----

// Two attentions beside each other are one block, or two: x + a(x) + b(x).
func.func @beside(%x: tensor<2x9x8xf32>, %w: tensor<8x8xf32>) -> tensor<2x9x8xf32> attributes {vit.taps = ["tokens:0"]} {
  %h = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [2, 9, 2, 4] : tensor<2x9x8xf32> into tensor<2x9x2x4xf32>
  // expected-error@+1 {{tap 'tokens:0': layer 0 has a residual sum that another branch is added to, so that where its block ends is not known}}
  %a = vit.attention %h, %h, %h {scale = 0.5 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  %b = vit.attention %h, %h, %h {scale = 0.2 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  %ca = tensor.collapse_shape %a [[0], [1], [2, 3]] : tensor<2x9x2x4xf32> into tensor<2x9x8xf32>
  %cb = tensor.collapse_shape %b [[0], [1], [2, 3]] : tensor<2x9x2x4xf32> into tensor<2x9x8xf32>
  %oa = vit.linear %ca, %w : (tensor<2x9x8xf32>, tensor<8x8xf32>) -> tensor<2x9x8xf32>
  %ob = vit.linear %cb, %w : (tensor<2x9x8xf32>, tensor<8x8xf32>) -> tensor<2x9x8xf32>
  %e = tensor.empty() : tensor<2x9x8xf32>
  %r = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%x, %oa : tensor<2x9x8xf32>, tensor<2x9x8xf32>) outs(%e : tensor<2x9x8xf32>) -> tensor<2x9x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%r, %ob : tensor<2x9x8xf32>, tensor<2x9x8xf32>) outs(%e : tensor<2x9x8xf32>) -> tensor<2x9x8xf32>
  return %s : tensor<2x9x8xf32>
}

// -----

// Heads beside each other are no channels.
func.func @no_channels(%q: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["norms:0"]} {
  // expected-error@+1 {{tap 'norms:0': layer 0 has a residual stream whose dimensions could not be told apart}}
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  %e = tensor.empty() : tensor<2x9x2x4xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%q, %a : tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) outs(%e : tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %s : tensor<2x9x2x4xf32>
}

// -----

func.func @no_sequence(%q: tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32> attributes {vit.taps = ["cls_attention:0"]} {
  // expected-error@+1 {{tap 'cls_attention:0': layer 0 has queries that are not known to be a sequence of a class token and patches}}
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>, tensor<2x9x2x4xf32>) -> tensor<2x9x2x4xf32>
  return %a : tensor<2x9x2x4xf32>
}

// -----

func.func @open_sequence(%q: tensor<2x?x2x4xf32>) -> tensor<2x?x2x4xf32> attributes {vit.taps = ["cls_attention:0"]} {
  // expected-error@+1 {{tap 'cls_attention:0': layer 0 has a number of tokens that is open: fix it with --shape}}
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x?x2x4xf32>, tensor<2x?x2x4xf32>, tensor<2x?x2x4xf32>) -> tensor<2x?x2x4xf32>
  return %a : tensor<2x?x2x4xf32>
}

// -----

// All rows are read alike.
func.func @no_class_token(%patches: tensor<2x4x8xf32>, %cls: tensor<1x8xf32>) -> tensor<2x5x2x4xf32> attributes {vit.taps = ["cls_attention:0"]} {
  %x = vit.assemble prefix(%cls : tensor<1x8xf32>) patches(%patches : tensor<2x4x8xf32>) {cls = 0 : i64, registers = 0 : i64} -> tensor<2x5x8xf32>
  %h = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [2, 5, 2, 4] : tensor<2x5x8xf32> into tensor<2x5x2x4xf32>
  // expected-error@+1 {{tap 'cls_attention:0': layer 0 has a sequence without exactly one class token that an output reads}}
  %a = vit.attention %h, %h, %h {scale = 0.5 : f32} : (tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) -> tensor<2x5x2x4xf32>
  return %a : tensor<2x5x2x4xf32>
}

// -----

// expected-error@+1 {{tap 'values': dimension 0 of 'tap.values.0' does not follow from the inputs' named dimensions: fix those with --shape}}
func.func @nameless(%q: tensor<?x9x2x4xf32>) -> tensor<?x9x2x4xf32> attributes {vit.taps = ["values"]} {
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>) -> tensor<?x9x2x4xf32>
  return %a : tensor<?x9x2x4xf32>
}
