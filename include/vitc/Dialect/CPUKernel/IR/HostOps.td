#ifndef VITC_DIALECT_CPUKERNEL_IR_HOSTOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_HOSTOPS_TD

include "vitc/Dialect/CPUKernel/IR/CPUKernelBase.td"

def CPUKernel_Frame : Type<CPred<"::llvm::isa<::mlir::LLVM::LLVMPointerType>($_self)">, "pointer to a vitc_frame",
                           "::mlir::LLVM::LLVMPointerType">,
                      BuildableType<"::mlir::LLVM::LLVMPointerType::get($_builder.getContext())">;

def CPUKernel_Region : I32EnumAttr<"MemoryRegion", "where a buffer of the program lies", [
    I32EnumAttrCase<"input", 0>, I32EnumAttrCase<"output", 1>, I32EnumAttrCase<"arena", 2>,
    I32EnumAttrCase<"weights", 3>]> {
  let cppNamespace = "::vitc::vcpu";
}

def CPUKernel_BufferOp : CPUKernel_Op<"buffer", [Pure, AttrSizedOperandSegments]> {
  let summary = "a buffer of the running program";
  let description = [{
    A contiguous buffer that the runtime's frame (`vitc_frame` in lib/Runtime/Program.h) leads to: `index` is the number
    of the input, the output or the planned buffer; in `weights` it is a byte offset, a multiple of 64. With an `offset`
    (bytes) the buffer begins so far behind: the part of an input or output that a pass is for.

    - (C1) There is one size operand a dynamic dimension of the result, whose layout is the identity.
  }];
  let arguments = (ins CPUKernel_Frame:$frame, Variadic<Index>:$sizes, Optional<Index>:$offset, CPUKernel_Region:$region,
                   I64Attr:$index);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = [{
    $region `[` $index `]` `of` $frame `(` $sizes `)` (`at` $offset^)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def CPUKernel_SymbolOp : CPUKernel_Op<"symbol", [Pure]> {
  let summary = "the value of a named dimension in this run";
  let arguments = (ins CPUKernel_Frame:$frame, I64Attr:$index);
  let results = (outs Index:$result);
  let assemblyFormat = "$index `of` $frame attr-dict";
}

def CPUKernel_PassesOp : CPUKernel_Op<"passes", [Pure]> {
  let summary = "the passes that the caller wants";
  let description = "Those from `first` to before `last`, of a function that is run in passes (`vit.passes`).";
  let arguments = (ins CPUKernel_Frame:$frame);
  let results = (outs Index:$first, Index:$last);
  let assemblyFormat = "`of` $frame attr-dict";
}

def CPUKernel_ExtentOp : CPUKernel_Op<"extent"> {
  let summary = "sets a symbol that this run computes";
  let description = [{
    result = min(max(value, 0), bound), which becomes the value of symbol `index`. All threads set the same.
  }];
  let arguments = (ins I64Attr:$index, CPUKernel_Frame:$frame, Index:$value, Index:$bound);
  let results = (outs Index:$result);
  let assemblyFormat = "$index `of` $frame `(` $value `)` `at` `most` $bound attr-dict";
}

def CPUKernel_ScratchOp : CPUKernel_Op<"scratch", [Pure]> {
  let summary = "this thread's scratch memory";
  let arguments = (ins CPUKernel_Frame:$frame, Index:$thread);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "`of` $frame `thread` $thread attr-dict `:` type($result)";
}

def CPUKernel_ClaimOp : CPUKernel_Op<"claim"> {
  let summary = "the items of a step that this thread is to do next";
  let description = [{
    Those from `first` to before `last`, none once each of the `items` has a thread. Threads take items of their own shares
    first, fewer and fewer at a time but at least `least`, and then of the shares of threads that are slower. Claims of
    a step end with its barrier.
  }];
  let arguments = (ins CPUKernel_Frame:$frame, Index:$thread, Index:$threads, Index:$items,
                   DefaultValuedAttr<I64Attr, "1">:$least);
  let results = (outs Index:$first, Index:$last);
  let assemblyFormat = "$items `of` $frame `thread` $thread `of` $threads attr-dict";
}

def CPUKernel_BarrierOp : CPUKernel_Op<"barrier"> {
  let summary = "waits for every thread of the team, which ends a step";
  let description = [{
    A step is what a run does from one barrier to the next. The barriers of an entry function are in one block; each is
    passed once, and says what its step was: `kind`, `cost` (as in `vcpu.launch`), and as location the nodes.
  }];
  let arguments = (ins CPUKernel_Frame:$frame, OptionalAttr<StrAttr>:$kind, OptionalAttr<AffineMapAttr>:$cost);
  let assemblyFormat = "$frame attr-dict";
}

#endif
