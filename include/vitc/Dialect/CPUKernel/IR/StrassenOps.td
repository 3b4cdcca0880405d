#ifndef VITC_DIALECT_CPUKERNEL_IR_STRASSENOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_STRASSENOPS_TD

include "vitc/Dialect/CPUKernel/IR/PackOps.td"

def CPUKernel_StrassenRowsOp : CPUKernel_MoveOp<"strassen_rows"> {
  let summary = "the sums of quadrants that vcpu.strassen_gemm multiplies";
  let description = [{
    The rows of the input come in groups of `group`, of which each is a matrix of quadrants A11, A12 over A21, A22: the
    first ⌈group / 2⌉ rows over the others (the last one counts twice where their number is odd), and the first K / 2
    columns beside the others. The output holds, one after the other,

        S1 = A21 + A22,  S2 = S1 − A11,  S3 = A11 − A21,  S4 = A12 − S2,

    each with the rows of all groups. A work item is a row of one group's quadrants.

    - (C1) The input is (M, K), the output (4, M / group · ⌈group / 2⌉, at least K / 2), both f32; K is static, positive
      and even, the output's last dimension static (what is past K / 2 is not written).
    - (C2) `group` is positive and divides M where that is static; `lanes` is a power of two.
    - (C3) The last dimension of memrefs has stride 1.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, CPUKernel_Shaped:$output, I64Attr:$group,
                   DefaultValuedAttr<I64Attr, "16">:$lanes);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = moveDeclaration # [{
    /// The rows of a group's quadrants.
    int64_t getHalf() { return static_cast<int64_t>(getGroup() / 2 + getGroup() % 2); }
    /// The columns of a quadrant.
    int64_t getDepth() { return getInputType().getShape().back() / 2; }
  }];
}

def CPUKernel_StrassenGemmOp : CPUKernel_KernelOp<"strassen_gemm"> {
  let summary = "a matrix product by seven products of quadrants, with an epilogue";
  let description = [{
    The result of `vcpu.gemm` by Strassen's algorithm (Gaussian elimination is not optimal, Numerische Mathematik 13,
    1969) in Winograd's form, which adds 15 times (Higham, Accuracy and Stability of Numerical Algorithms, section 23.1):
    with the sums S of `vcpu.strassen_rows`, and of B's quadrants

        T1 = B12 − B11,  T2 = B22 − T1,  T3 = B22 − B12,  T4 = B21 − T2,

    seven products of half the depth give four quadrants of C where `vcpu.gemm` takes eight:

        C11 = A11 B11 + A12 B21             U2 = A11 B11 + S2 T2,  U3 = U2 + S3 T3
        C21 = U3 + A22 T4,  C22 = U3 + S1 T1,  C12 = U2 + S1 T1 + S4 B22.

    Quadrants of A and C are those of a group of rows (see `vcpu.strassen_rows`): groups do not mix, so that an image's
    result does not depend on the other images of its batch. Quadrants of B and C are pairs of panels, one of the first
    half of the columns and one of the second, over halves of K. The error is bounded by the greatest elements of A's group and of B's pair of panels, not of a row and a
    column (Higham, section 23.2.2). A NaN or an infinity in A reaches the rows of its pair and all columns, in B both
    panels, an infinity may become a NaN, and sums overflow that would not.

    One level is done, as sums in the registers go from a product into the next (Huang, Smith, Henry and van de Geijn,
    Strassen's algorithm reloaded, SC 2016, do the same with buffers). A work item is the quadrants of `mr` × `nr`
    elements; items count a group's rows first, then pairs of panels, whose sums T the thread keeps in its scratch, then
    groups.

    A second output receives what `vcpu.strassen_rows` gives of C (after the epilogue; 0 stands for the row that an odd
    group lacks), for the product that follows: a tile holds all four quadrants of its elements.

    - (C1) C is (M, N), A (M, K), S as `vcpu.strassen_rows` gives it, B (N / nr, K, nr), all f32; K and N are static and
      positive, K is even, 2 · nr divides N. M may be dynamic.
    - (C2) There are one or two outputs, the second one the sums of C's quadrants. There is one map an extra operand, from
      (m, n) to its rank.
    - (C3) The region is as in `vcpu.gemm`.
    - (C4) mr, lanes and group are positive, lanes divides nr; group divides M where that is static.
    - (C5) The last dimension of memrefs has stride 1.

    An extra may be C itself where its map is the identity: each element is read before it is written.
  }];
  let arguments = (ins CPUKernel_Shaped:$a, CPUKernel_Shaped:$sums, CPUKernel_Shaped:$b,
                   Variadic<CPUKernel_Shaped>:$extras, Variadic<CPUKernel_Shaped>:$outputs,
                   DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps, I64Attr:$group, I64Attr:$mr, I64Attr:$nr,
                   I64Attr:$lanes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $a `,` $sums `,` $b `:` type($a) `,` type($sums) `,` type($b) `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)? `outs` `(` $outputs `:` type($outputs) `)` attr-dict
    (`epilogue` $epilogue^)? (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = dpsDeclaration # [{
    ::mlir::OpFoldResult getScratchBytes(::mlir::OpBuilder &builder);
    ::mlir::OpFoldResult getMacs(::mlir::OpBuilder &builder);
    ::mlir::ShapedType getAType() { return ::llvm::cast<::mlir::ShapedType>(getA().getType()); }
    ::mlir::ShapedType getBType() { return ::llvm::cast<::mlir::ShapedType>(getB().getType()); }
    ::mlir::ShapedType getCType() { return ::llvm::cast<::mlir::ShapedType>(getOutputs()[0].getType()); }
    bool givesSums() { return getOutputs().size() == 2; }
    /// The rows of a group's quadrants.
    int64_t getHalf() { return static_cast<int64_t>(getGroup() / 2 + getGroup() % 2); }
    /// The depth of the seven products.
    int64_t getDepth() { return getAType().getShape().back() / 2; }
    int64_t getPanelCount() { return getBType().getShape().front(); }
  }];
}

#endif
