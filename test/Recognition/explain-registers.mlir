// RUN: vitc-opt %s --vit-explain=format=text --split-input-file -o - | FileCheck %s

// CHECK: tokens: cls 0, registers 1, patches 4
// CHECK-NEXT: no output reads these prefix rows, so they count as registers, a CLS token included
// CHECK-NEXT: MACs:
func.func @no_reader_of_the_prefix(%p: tensor<2x4x8xf32>, %cls: tensor<1x8xf32>) -> tensor<2x4x8xf32> {
  %x = vit.assemble prefix(%cls : tensor<1x8xf32>) patches(%p : tensor<2x4x8xf32>) {cls = 0 : i64, registers = 1 : i64} -> tensor<2x5x8xf32>
  %y = tensor.extract_slice %x[0, 1, 0] [2, 4, 8] [1, 1, 1] : tensor<2x5x8xf32> to tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}

// -----

// The CLS token is read: the others are registers in anybody's words.
// CHECK: tokens: cls 1, registers 1, patches 4
// CHECK-NEXT: MACs:
func.func @reader_of_the_first_row(%p: tensor<2x4x8xf32>, %prefix: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %x = vit.assemble prefix(%prefix : tensor<2x8xf32>) patches(%p : tensor<2x4x8xf32>) {cls = 1 : i64, registers = 1 : i64} -> tensor<2x6x8xf32>
  %y = tensor.extract_slice %x[0, 0, 0] [2, 1, 8] [1, 1, 1] : tensor<2x6x8xf32> to tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}
