# vitc_add_library(NAME SOURCES... [DEPENDS targets...] [LINK libs...])
#
# A static library of the project. Every library shares one precompiled header (MLIR's headers cost more than our
# own code) and waits for all generated dialect headers; both keep a clean two-core build within minutes.
function(vitc_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  add_dependencies(${name} vitc_headers ${ARG_DEPENDS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  target_precompile_headers(${name} REUSE_FROM vitc_pch)
endfunction()

# vitc_add_dialect(NAME PREFIX): the generated files of include/vitc/Dialect/*/IR/<NAME>{Dialect,Ops}.td.
function(vitc_add_dialect name prefix)
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=${prefix})
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=${prefix})
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs)
  mlir_tablegen(${name}Attributes.h.inc -gen-attrdef-decls -attrdefs-dialect=${prefix})
  mlir_tablegen(${name}Attributes.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${prefix})
  mlir_tablegen(${name}Enums.h.inc -gen-enum-decls)
  mlir_tablegen(${name}Enums.cpp.inc -gen-enum-defs)
  add_public_tablegen_target(Vitc${name}IncGen)
  add_dependencies(vitc_headers Vitc${name}IncGen)
endfunction()

# vitc_add_passes(LIBRARY): the generated declarations of Passes.td in the current include folder.
function(vitc_add_passes library)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name ${library})
  add_public_tablegen_target(Vitc${library}PassIncGen)
  add_dependencies(vitc_headers Vitc${library}PassIncGen)
endfunction()
