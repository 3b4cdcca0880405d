include "llvm/Option/OptParser.td"

// An option with a value, written `--name=value` or `--name value`.
multiclass Value<string name, string metavar, string help> {
  def NAME : Separate<["--"], name>, HelpText<help>, MetaVarName<metavar>;
  def NAME#_eq : Joined<["--"], name # "=">, Alias<!cast<Separate>(NAME)>;
}

def output : JoinedOrSeparate<["-"], "o">, MetaVarName<"<model.so>">, HelpText<"The library to write">;
defm shape : Value<"shape", "<name=1x3x224x224>", "Fix the shape of an input; may be repeated">;
defm constant : Value<"constant", "<name=file.npy>",
                      "Compile the model for one value of an input, which is none any more; may be repeated">;
defm shapes : Value<"shapes", "<sets>",
                    "Compile for several shapes; the library chooses by its inputs: \"x=1x3x224x224;x=8x3x224x224\", "
                    "inputs of one set apart by commas, ? for a dimension that stays open">;
defm tap : Value<"tap", "<kind[:layers]>",
                 "Make what attention blocks compute outputs, tap.KIND.LAYER: scores, attention, cls_attention, queries, keys, "
                 "values, tokens or norms, of all layers or of LAYERS such as 0-3,-1; or a tensor of the model, under its name; "
                 "may be repeated">;
def tap_only : Flag<["--"], "tap-only">, HelpText<"Drop the outputs that are not named by --tap">;
defm target : Value<"target", "<list>", "What to compile for: cpu, cpu:LEVEL, cuda-sm_80, cuda-sm_89, cuda-sm_90, or several (default: the CPU of this machine)">;
defm mcpu : Value<"mcpu", "<list>", "Short for --target=cpu:LEVEL; levels: host, x86-64-v3, x86-64-v4, znver4, sapphirerapids; or aarch64. Of several the best that the processor runs is chosen when the library is opened">;
defm precision : Value<"precision", "<type>",
                       "Of products: fp32 (default); bf16, or on GPUs fp16 (sums, softmax, norms, inputs and outputs stay fp32) or tf32 (all else does); or auto: bf16 on levels that multiply it faster, and on GPUs">;
def plain_products : Flag<["--"], "plain-products">,
                     HelpText<"Multiply as the model says: by neither Strassen's nor Winograd's algorithm">;
defm tune : Value<"tune", "<seconds>", "Measure schedules of the model's kernels on this machine for so long, and keep the fastest in the tuning file">;
defm tuning : Value<"tuning", "<file>", "The tuning file: schedules measured by --tune (default with --tune: beside the library, .tuning.json)">;
defm emit : Value<"emit", "<list>", "Files to write: so (default), obj, header, asm, ptx">;
defm weights : Value<"weights", "<place>", "Where the library keeps its weights: embedded (default) or external">;
defm prefix : Value<"prefix", "<name>", "Of the symbol NAME_model_v1 (default: from the library's name)">;
def explain : Flag<["--"], "explain">, HelpText<"Say what was recognised and fused, and why the rest was not">;
def explain_eq : Joined<["--"], "explain=">, MetaVarName<"<format>">,
                 HelpText<"The report of --explain as text, or as json for programs (docs/explain.schema.json)">;
defm require_fused : Value<"require-fused", "<kinds>", "Fail where one of these kinds is missed">;
def verify : Flag<["--"], "verify">,
             HelpText<"Run the model beside its unfused path, on drawn numbers, and name the first op that drifts">;
def verify_eq : Joined<["--"], "verify=">, MetaVarName<"<inputs.npz>">, HelpText<"The same, on inputs of a file">;
def report : Flag<["--"], "report">,
             HelpText<"Print multiplications, bytes, memory and expected times, for inputs of fixed shape">;
defm compile_to : Value<"compile-to", "<stage>",
                        "Print the IR after a stage and stop: onnx, linalg, vit, fused, tiled, vector, llvm">;
defm batch : Value<"batch", "<list>",
                   "Compile many models: each line of this file is a command line, other options here are for all">;
defm max_memory : Value<"max-memory", "<bytes>", "End with an error where more memory is needed; K, M, G: powers of 1024">;
defm info : Value<"info", "<model.so>", "Print what a compiled library holds, as JSON">;
def help : Flag<["--"], "help">, HelpText<"Print this">;
def : Flag<["-"], "h">, Alias<help>;
def version : Flag<["--"], "version">, HelpText<"Print the version">;
