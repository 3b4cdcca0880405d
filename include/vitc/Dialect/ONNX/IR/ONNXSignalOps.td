// Operators of signals: Fourier transforms.
#ifndef VITC_DIALECT_ONNX_IR_ONNXSIGNALOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXSIGNALOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

def ONNX_DFTOp : ONNX_Op<"DFT", [AttrSizedOperandSegments, ONNX_ShapedByOperands]> {
  let summary = "discrete Fourier transform along one dimension";
  let description = [{
    y[k] = Σₙ x[n] · exp(∓2πi · k · n / N), of which `inverse` takes the positive sign and divides by N. N is `dft_length`,
    or the extent of `axis` (−2 where absent): what x lacks of it is zero, what x has more is left out. The last dimension
    of `input` holds real parts, and imaginary ones where it is 2. `onesided` keeps the first ⌊N / 2⌋ + 1 elements of the
    spectrum of real numbers, from which the rest follows: of the result, or with `inverse` of `input`, where N is
    2 · (extent − 1) by default, and the result is real.

    - (C1) The last dimension of `input` is 1 or 2: 1 with `onesided`, and 2 with both `onesided` and `inverse`.
    - (C2) `dft_length` and `axis` are scalars or have one element.
    - (C3) A constant `axis` is in [−rank, rank), and not the last dimension.
  }];
  let arguments = (ins ONNX_FloatTensor:$input, Optional<ONNX_IndexTensor>:$dft_length, Optional<ONNX_I64Tensor>:$axis,
                   ONNX_Bool<0>:$inverse, ONNX_Bool<0>:$onesided);
  let results = (outs ONNX_FloatTensor:$output);
  let hasVerifier = 1;
}

#endif
