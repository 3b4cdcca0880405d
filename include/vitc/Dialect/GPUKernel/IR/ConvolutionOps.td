#ifndef VITC_DIALECT_GPUKERNEL_IR_CONVOLUTIONOPS_TD
#define VITC_DIALECT_GPUKERNEL_IR_CONVOLUTIONOPS_TD

// Included by GPUKernelOps.td, whose classes these ops are of.

def GPUKernel_ConvOp : GPUKernel_KernelOp<"conv", ["getMacs", "isDense"]> {
  let summary = "a convolution of one group by tensor cores, channels last";
  let description = [{
    C = last(residual + scale · activation(windows · filtersᵀ + bias)), each part where it is there: the kernel of `vgpu.gemm`,
    whose rows are the windows of images (B, H, W, C) of bf16 or f16, which TMA reads tap by tap. Filters are (F, taps, C),
    taps row by row, C is (B, height, width, F) of bf16, f16 or f32. Pairs are of height and width; `pads` are those above
    and left of the image, others follow from C. 64 rows are a `rectangle` of windows: width, height and images. With
    `mma_sync` it is the kernel for sm_80 and sm_89, which has no rectangles and takes dense operands.

    - (C1) Image, filters and C agree on B, C, F and the number of taps; all but B are static. Residual is as C, bias and
      scale are f32 (F).
    - (C2) `taps`, `strides`, `pads` and `dilations` are pairs, positive but for pads, which are not negative; the
      rectangle has three sizes.
    - (C3) There is a kernel for these sizes, elements and tiles.
  }];
  let arguments = (ins GPUKernel_Shaped:$image, GPUKernel_Shaped:$filters, Optional<GPUKernel_Shaped>:$bias,
                   Optional<GPUKernel_Shaped>:$scale, Optional<GPUKernel_Shaped>:$residual, GPUKernel_Shaped:$output,
                   DefaultValuedStrAttr<StrAttr, "none">:$activation, DefaultValuedStrAttr<StrAttr, "none">:$last_activation,
                   DenseI64ArrayAttr:$taps,
                   DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                   DenseI64ArrayAttr:$rectangle, I64Attr:$tile_m, I64Attr:$tile_n,
                   DefaultValuedAttr<I64Attr, "1">:$splits, UnitAttr:$mma_sync);
  let assemblyFormat = [{
    `ins` `(` $image `,` $filters `:` type($image) `,` type($filters) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`scale` `(` $scale^ `:` type($scale) `)`)? (`residual` `(` $residual^ `:` type($residual) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = kernelDeclaration # [{
    ::vitc::vgpu::GemmConfig getConfig();
  }];
}

def GPUKernel_DepthwiseConvOp : GPUKernel_KernelOp<"depthwise_conv", ["getMacs", "isDense"], []> {
  let summary = "a convolution of each channel by a filter of its own, channels last";
  let description = [{
    y = activation(image ∗ filter + bias) of each channel: image (B, H, W, C), y (B, height, width, C), each f32, bf16 or
    f16, filters f32 (taps, C), taps row by row; sums in f32 (Kernels/DepthwiseConvolution.h, which chooses the tile).
    Pairs are of height and width; `pads` are those above and left of the image, others follow from y. Operands are dense.

    - (C1) Image, filters and y agree on B, C and the number of taps; all but B are static. The bias is f32 (C).
    - (C2) `taps`, `strides`, `pads` and `dilations` are pairs, positive but for pads, which are not negative.
    - (C3) There is a kernel for these sizes and elements.
  }];
  let arguments = (ins GPUKernel_Shaped:$image, GPUKernel_Shaped:$filters, Optional<GPUKernel_Shaped>:$bias,
                   GPUKernel_Shaped:$output, DefaultValuedStrAttr<StrAttr, "none">:$activation,
                   DenseI64ArrayAttr:$taps, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                   DenseI64ArrayAttr:$dilations);
  let assemblyFormat = [{
    `ins` `(` $image `,` $filters `:` type($image) `,` type($filters) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = kernelDeclaration # [{
    ::vitc::vgpu::DepthwiseConfig getConfig();
  }];
}

#endif
