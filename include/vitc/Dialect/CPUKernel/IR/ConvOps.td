#ifndef VITC_DIALECT_CPUKERNEL_IR_CONVOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_CONVOPS_TD

include "vitc/Dialect/CPUKernel/IR/PackOps.td"

def CPUKernel_PadOp : CPUKernel_MoveOp<"pad"> {
  let summary = "a channel-last image with a border of zeros";
  let description = [{
    out[b, top + y, left + x, c] = in[b, y, x, c], and 0 outside: in (B, H, W, C), out (B, H', W', C). With it the
    convolution kernels never look past an edge. An out of bf16 is rounded by AVX512-BF16: to the nearest, ties to even,
    subnormal numbers to 0.

    - (C1) input and out have rank 4, the same B and the same static C; input is f32, out f32 or bf16.
    - (C2) `low` is [top, left], not negative; the static H' is at least top + H, and so is W' with left.
    - (C3) The last dimension of memrefs has stride 1.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, CPUKernel_Shaped:$output, DenseI64ArrayAttr:$low,
                   DefaultValuedAttr<I64Attr, "16">:$lanes);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $output `:` type($output) `)` `low` `=` $low
    attr-dict (`->` type($result)^)?
  }];
}

class CPUKernel_WindowOp<string mnemonic, dag schedule = (ins)> : CPUKernel_KernelOp<mnemonic> {
  let arguments = !con((ins CPUKernel_Shaped:$input, CPUKernel_Shaped:$weight, Variadic<CPUKernel_Shaped>:$extras,
                   Variadic<CPUKernel_Shaped>:$outputs, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                   DenseI64ArrayAttr:$dilations, UnitAttr:$flip,
                   DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps, I64Attr:$mr,
                   DefaultValuedAttr<I64Attr, "16">:$lanes), schedule);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $input `,` $weight `:` type($input) `,` type($weight) `)` (`extras` `(` $extras^ `:` type($extras) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`epilogue` $epilogue^)? (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  code windowDeclaration = dpsDeclaration # [{
    ::mlir::OpFoldResult getMacs(::mlir::OpBuilder &builder);
  }];
  let extraClassDeclaration = windowDeclaration;
}

def CPUKernel_ConvOp : CPUKernel_WindowOp<"conv", (ins UnitAttr:$panels_inside)> {
  let summary = "channel-last convolution with packed filters and an epilogue";
  let description = [{
    out[b, y, x, f] = epilogue(Σ in[b, y · sh + i · dh, x · sw + j · dw, c] · W[(i, j, c), f], extras..) over the taps (i, j) of
    `kernel` and the channels c: an implicit GEMM, W packed by `vcpu.pack` as (⌈F / nr⌉, kh · kw · C, nr). It reads no
    border (`vcpu.pad` makes one). With `flip` the filter is read from its last tap to its first: a transposed
    convolution is one of these for each phase of its stride, its output a strided slice. A work item is one output row of one panel; it is cut into balanced tiles of at most `mr` pixels. Items
    count output rows first, so that a range of them streams few panels, or (`panels_inside`) panels first, so that it
    streams the image once: for filters that stay in the cache. The epilogue is as in `vcpu.gemm`, over (b, y, x, f).

    W may be bf16, and is widened then. Where the image is bf16, products are (as in `vcpu.gemm`): W is packed in pairs of
    channels.

    - (C1) in is (B, H, W, C), W (⌈F / nr⌉, kh · kw · C, nr), out (B, H', W', F); C, F, nr are static. in and out are f32,
      W is f32 or bf16; or in and W are bf16, C is even, and W (⌈F / nr⌉, kh · kw · C / 2, 2 · nr).
    - (C2) `kernel`, `strides`, `dilations` have two positive values; `mr` is positive; `lanes` divides nr.
    - (C3) The window of the last output element lies in the input where the sizes are static.
    - (C4) There is one map an extra operand, from (b, y, x, f) to its rank; the region is empty or has one block whose
      arguments are the accumulator and one scalar an extra operand, and which yields f32.
    - (C5) The last dimension of memrefs has stride 1.
  }];
  let extraClassDeclaration = windowDeclaration # [{
    bool hasBF16Products() { return ::mlir::getElementTypeOrSelf(getInput().getType()).isBF16(); }
    /// Channels of an element of the packed filter.
    int64_t getInterleave() { return hasBF16Products() ? 2 : 1; }
    /// nr, the filters of a panel.
    int64_t getPanelWidth() {
      return ::llvm::cast<::mlir::ShapedType>(getWeight().getType()).getShape().back() / getInterleave();
    }
  }];
}

def CPUKernel_DepthwiseConvOp
    : CPUKernel_WindowOp<"depthwise_conv", (ins DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0}">:$low)> {
  let summary = "channel-last convolution of every channel by itself";
  let description = [{
    out[b, y, x, c] = epilogue(Σ in[b, y · sh + i · dh − top, x · sw + j · dw − left, c] · W[(i, j), c], extras..), W packed
    by `vcpu.pack` as one panel, `low` = [top, left]. The image is zero outside of itself, as if padded: a window has few
    products for each element it reads, so that a padded copy of the image would cost as much as they do. As in
    `vcpu.conv`, `flip` turns the filter around. A work item is one output row; `mr` pixels share the loads of a filter.

    - (C1) in is (B, H, W, C), W (1, kh · kw, C), out (B, H', W', C), all f32; C is static.
    - (C2) `kernel`, `strides`, `dilations` have two positive values; `mr` is positive.
    - (C3) `low` has two values that are not negative.
    - (C4) Extras, maps and epilogue are as in `vcpu.conv`.
    - (C5) The last dimension of memrefs has stride 1.
  }];
}

def CPUKernel_WinogradConvOp : CPUKernel_KernelOp<"winograd_conv"> {
  let summary = "channel-last 3 × 3 convolution of stride 1 by minimal filtering";
  let description = [{
    out[b, y, x, f] = epilogue(Σ in[b, y + i, x + j, c] · g[f, c, i, j], extras..) as F(m × m, 3 × 3) of Lavin and Gray (Fast
    Algorithms for Convolutional Neural Networks, CVPR 2016, section 4): n × n inputs, n = m + 2, give a tile of m × m
    outputs. W holds G g Gᵀ, the inputs become Bᵀ d B, and n² products over the channels (one for each place in a
    tile) give what Aᵀ M A makes outputs of: n² products a tile where `vcpu.conv` takes 9 m².

    A work item is `chunk` tiles at most (balanced) and `panels` panels of filters. Items count the filters of a round
    first, of as many as stay in L3, then chunks, then rounds: a chunk's inputs are transformed once a round and range. The
    epilogue is as in `vcpu.conv`.

    - (C1) in is (B, H, W, C), W (n², ⌈F / nr⌉, C, nr), out (B, H', W', F), all f32; C, F, nr are static.
    - (C2) `tile` is 2 or 4 (m); `chunk`, `panels` and `mr` are positive; `lanes` is a power of two that divides nr.
    - (C3) All of the last tile's inputs lie in the image: H is at least ⌈H' / m⌉ · m + 2, W likewise, where they are static.
    - (C4) Extras, maps and epilogue are as in `vcpu.conv`.
    - (C5) The last dimension of memrefs has stride 1.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, CPUKernel_Shaped:$weight, Variadic<CPUKernel_Shaped>:$extras,
                   Variadic<CPUKernel_Shaped>:$outputs, DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps,
                   I64Attr:$tile, I64Attr:$chunk, I64Attr:$panels, I64Attr:$mr,
                   DefaultValuedAttr<I64Attr, "16">:$lanes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $input `,` $weight `:` type($input) `,` type($weight) `)` (`extras` `(` $extras^ `:` type($extras) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`epilogue` $epilogue^)? (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = dpsDeclaration # [{
    ::mlir::OpFoldResult getScratchBytes(::mlir::OpBuilder &builder);
    ::mlir::OpFoldResult getMacs(::mlir::OpBuilder &builder);
    /// n, the inputs of a tile along an axis.
    int64_t getWindow() { return getTile() + 2; }
    int64_t getChannels() { return ::llvm::cast<::mlir::ShapedType>(getInput().getType()).getShape().back(); }
    int64_t getFilters() { return ::llvm::cast<::mlir::ShapedType>(getOutputs()[0].getType()).getShape().back(); }
    /// Columns of a panel, and how many panels there are.
    int64_t getPanelWidth() { return ::llvm::cast<::mlir::ShapedType>(getWeight().getType()).getShape().back(); }
    int64_t getPanelCount() { return ::llvm::cast<::mlir::ShapedType>(getWeight().getType()).getDimSize(1); }
    /// Work items of a chunk.
    int64_t getGroupCount() { return (getPanelCount() + getPanels() - 1) / getPanels(); }
  }];
}

#endif
