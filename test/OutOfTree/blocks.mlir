// What `inventory-opt --attention-inventory` says of an attention and of a softmax over classes, in linalg that vitc did not make.

#qk_q = affine_map<(b, h, m, n, d) -> (b, m, h, d)>
#qk_k = affine_map<(b, h, m, n, d) -> (b, n, h, d)>
#qk = affine_map<(b, h, m, n, d) -> (b, h, m, n)>
#pv_p = affine_map<(b, m, h, d, n) -> (b, h, m, n)>
#pv_v = affine_map<(b, m, h, d, n) -> (b, n, h, d)>
#pv = affine_map<(b, m, h, d, n) -> (b, m, h, d)>

// CHECK: remark: attention of 6 heads of 64, 197 queries, 197 keys, 29805312 multiplications
func.func @attention(%queries: tensor<1x197x384xf32>, %keys: tensor<1x197x384xf32>, %values: tensor<1x197x384xf32>)
    -> tensor<1x197x6x64xf32> {
  %q = tensor.expand_shape %queries [[0], [1], [2, 3]] output_shape [1, 197, 6, 64] : tensor<1x197x384xf32> into tensor<1x197x6x64xf32>
  %k = tensor.expand_shape %keys [[0], [1], [2, 3]] output_shape [1, 197, 6, 64] : tensor<1x197x384xf32> into tensor<1x197x6x64xf32>
  %v = tensor.expand_shape %values [[0], [1], [2, 3]] output_shape [1, 197, 6, 64] : tensor<1x197x384xf32> into tensor<1x197x6x64xf32>
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<1x6x197x197xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<1x6x197x197xf32>) -> tensor<1x6x197x197xf32>
  %scores = linalg.generic {indexing_maps = [#qk_q, #qk_k, #qk],
                               iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<1x197x6x64xf32>, tensor<1x197x6x64xf32>) outs(%1 : tensor<1x6x197x197xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x6x197x197xf32>
  %probs = linalg.softmax dimension(3) ins(%scores : tensor<1x6x197x197xf32>) outs(%0 : tensor<1x6x197x197xf32>) -> tensor<1x6x197x197xf32>
  %2 = tensor.empty() : tensor<1x197x6x64xf32>
  %3 = linalg.fill ins(%zero : f32) outs(%2 : tensor<1x197x6x64xf32>) -> tensor<1x197x6x64xf32>
  %y = linalg.generic {indexing_maps = [#pv_p, #pv_v, #pv],
                               iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%probs, %v : tensor<1x6x197x197xf32>, tensor<1x197x6x64xf32>) outs(%3 : tensor<1x197x6x64xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x197x6x64xf32>
  return %y : tensor<1x197x6x64xf32>
}

// CHECK: remark: a softmax that is no attention: no contraction reads the probabilities
func.func @head(%logits: tensor<1x1000xf32>) -> tensor<1x1000xf32> {
  %0 = tensor.empty() : tensor<1x1000xf32>
  %1 = linalg.softmax dimension(1) ins(%logits : tensor<1x1000xf32>) outs(%0 : tensor<1x1000xf32>) -> tensor<1x1000xf32>
  return %1 : tensor<1x1000xf32>
}
