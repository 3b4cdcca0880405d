// RUN: vitc-opt %s --vit-raise | FileCheck %s

// Whatever is valid goes through, raised or not.

#id1 = affine_map<(d0) -> (d0)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: @iota(
// CHECK: linalg.index 0
func.func @iota(%z: tensor<4xindex>) -> tensor<4xindex> {
  %0 = linalg.generic {indexing_maps = [#id1],
                       iterator_types = ["parallel"]}
      outs(%z : tensor<4xindex>) {
  ^bb0(%o: index):
    %i = linalg.index 0 : index
    linalg.yield %i : index
  } -> tensor<4xindex>
  return %0 : tensor<4xindex>
}

// CHECK-LABEL: @buffers(
// CHECK: memref<4xf32>
func.func @buffers(%x: memref<4xf32>, %z: memref<4xf32>) {
  linalg.generic {indexing_maps = [#id1, #id1],
                       iterator_types = ["parallel"]}
      ins(%x : memref<4xf32>) outs(%z : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    %f = arith.addf %e, %a : f32
    linalg.yield %f : f32
  }
  return
}

// CHECK-LABEL: @scalar_operand(
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<exp> {{.*}} ins(%{{.*}} : tensor<f32>)
func.func @scalar_operand(%s: f32, %z: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> ()>, #id1],
                       iterator_types = ["parallel"]}
      ins(%s : f32) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @scalar_copy(
// CHECK: linalg.fill
func.func @scalar_copy(%s: f32, %z: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> ()>, #id1],
                       iterator_types = ["parallel"]}
      ins(%s : f32) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @complex(
// CHECK: complex.abs
func.func @complex(%x: tensor<4xcomplex<f32>>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [#id1, #id1],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<4xcomplex<f32>>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: complex<f32>, %o: f32):
    %e = complex.abs %a : complex<f32>
    %f = math.exp %e : f32
    linalg.yield %f : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @rank0(
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%{{.*}}, %{{.*}} : tensor<f32>, tensor<f32>)
func.func @rank0(%x: tensor<f32>, %z: tensor<f32>) -> tensor<f32> {
  %0 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>],
                       iterator_types = []}
      ins(%x : tensor<f32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    %f = arith.addf %e, %a : f32
    linalg.yield %f : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: @all_reduced(
// CHECK: linalg.reduce {{.*}} dimensions = [0, 1]
func.func @all_reduced(%x: tensor<4x8xf32>, %z: tensor<f32>) -> tensor<f32> {
  %0 = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> ()>],
                       iterator_types = ["reduction", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %e = arith.mulf %a, %a : f32
    %f = arith.addf %e, %o : f32
    linalg.yield %f : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: @all_kept_unit(
// CHECK: tensor.expand_shape %{{.*}} [] output_shape [1, 1]
func.func @all_kept_unit(%x: tensor<4x8xf32>, %z: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %0 = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (0, 0)>],
                       iterator_types = ["reduction", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%z : tensor<1x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %f = arith.addf %a, %o : f32
    linalg.yield %f : f32
  } -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}

// CHECK-LABEL: @transposed_out(
// CHECK: math.exp
func.func @transposed_out(%x: tensor<4x8xf32>, %z: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d1, d0)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%z : tensor<8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  } -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// CHECK-LABEL: @constant_result(
// CHECK: linalg.fill
func.func @constant_result(%x: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [#id1, #id1],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.constant 2.0 : f32
    linalg.yield %c : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @casts(
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<exp>
func.func @casts(%x: tensor<4xi64>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [#id1, #id1],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<4xi64>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: i64, %o: f32):
    %c = arith.constant 2 : i64
    %d = arith.muli %a, %c : i64
    %e = arith.sitofp %d : i64 to f32
    %f = math.exp %e : f32
    linalg.yield %f : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @region(
// CHECK: scf.if
func.func @region(%x: tensor<4xf32>, %z: tensor<4xf32>, %c: i1) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [#id1, #id1],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = scf.if %c -> f32 {
      %l = math.log %a : f32
      scf.yield %l : f32
    } else {
      scf.yield %a : f32
    }
    %e = math.exp %r : f32
    linalg.yield %e : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @two_results(
// CHECK: math.log
func.func @two_results(%x: tensor<4xf32>, %z: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0:2 = linalg.generic {indexing_maps = [#id1, #id1, #id1],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%z, %z : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32, %p: f32):
    %e = math.exp %a : f32
    %f = math.log %a : f32
    linalg.yield %e, %f : f32, f32
  } -> (tensor<4xf32>, tensor<4xf32>)
  return %0#0, %0#1 : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @mixed_types(
// CHECK: linalg.matmul
func.func @mixed_types(%x: tensor<4x8xbf16>, %y: tensor<8x5xbf16>, %z: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %0 = linalg.matmul ins(%x, %y : tensor<4x8xbf16>, tensor<8x5xbf16>) outs(%z : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}
