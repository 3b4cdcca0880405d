# How executables get LLVM, MLIR and lld. By default from Debian's shared libraries; with VITC_STATIC from its archives, which
# makes tools that need no LLVM where they run, start faster and use less memory.
#
# Archives are linked by path: their CMake targets pull in libLLVM.so as well, and two copies of LLVM in one process crash.

set(VITC_LLD_LIBRARIES ${LLVM_LIBRARY_DIR}/liblldELF.a ${LLVM_LIBRARY_DIR}/liblldCommon.a -l:libz.a -l:libzstd.a)

# The LLVM targets that a static vitc can generate code for; lld asks for every target that LLVM was built with.
set(VITC_STATIC_TARGETS X86 AArch64 NVPTX)

# vitc_static_archives(VARIABLE): MLIR's and LLVM's archives, but those that Debian names and does not ship.
function(vitc_static_archives variable)
  file(GLOB mlir ${LLVM_LIBRARY_DIR}/libMLIR*.a)
  list(FILTER mlir EXCLUDE REGEX "Test|CAPI")
  string(TOLOWER "${VITC_STATIC_TARGETS}" components)
  execute_process(
    COMMAND ${LLVM_TOOLS_BINARY_DIR}/llvm-config --link-static --libfiles ${components}
      passes lto option dtlto objcopy bitreader bitwriter frontendopenmp
    OUTPUT_VARIABLE llvm OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY
  )
  separate_arguments(llvm)
  list(FILTER llvm EXCLUDE REGEX "Polly")
  set(${variable} ${mlir} ${llvm} PARENT_SCOPE)
endfunction()

# A source that answers for what the archives refer to but a static vitc does not have: Polly, and the other targets.
function(vitc_static_absent variable)
  set(text "#include \"llvm/Plugins/PassPlugin.h\"\n"
    "llvm::PassPluginLibraryInfo getPollyPluginInfo() {\n"
    "  return {LLVM_PLUGIN_API_VERSION, \"absent\", \"0\", [](llvm::PassBuilder &) {}};\n}\n")
  foreach(target IN LISTS LLVM_TARGETS_TO_BUILD)
    if(NOT target IN_LIST VITC_STATIC_TARGETS)
      foreach(what Target TargetInfo TargetMC AsmPrinter AsmParser Disassembler)
        string(APPEND text "extern \"C\" void LLVMInitialize${target}${what}() {}\n")
      endforeach()
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/VitcStaticAbsent.cpp CONTENT "${text}" @ONLY)
  set(${variable} ${PROJECT_BINARY_DIR}/VitcStaticAbsent.cpp PARENT_SCOPE)
endfunction()

vitc_static_archives(VITC_STATIC_ARCHIVES)
vitc_static_absent(source)
add_library(vitc_static_absent OBJECT EXCLUDE_FROM_ALL ${source})

# vitc_link_archives(TARGET): the same from archives, and the C++ library too: the executable needs libc and libm alone.
function(vitc_link_archives target)
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:vitc_static_absent>)
  target_link_libraries(${target} PRIVATE ${VITC_STATIC_ARCHIVES} ${VITC_LLD_LIBRARIES} z3 xml2)
  target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections,--icf=all,--as-needed,-s)
endfunction()

# vitc_link_llvm(TARGET): everything of LLVM and MLIR for an executable.
function(vitc_link_llvm target)
  if(VITC_STATIC)
    vitc_link_archives(${target})
  else()
    target_link_libraries(${target} PRIVATE MLIR LLVM)
  endif()
endfunction()
