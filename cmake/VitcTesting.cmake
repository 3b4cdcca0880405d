# What the tests of the project share: GoogleTest executables that lit finds, and the `check-*` targets.

# vitc_add_unit_test(NAME SOURCES... [LINK libs...] [DEFINE definitions...])
#
# A GoogleTest executable `NAME` (its name ends in `Tests`, which is how lit finds it) that `check-unit` builds and runs.
function(vitc_add_unit_test name)
  cmake_parse_arguments(ARG "" "" "LINK;DEFINE" ${ARGN})
  if(NOT name MATCHES "Tests$")
    message(FATAL_ERROR "the unit test ${name} must be called ${name}Tests")
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test/Unit)
  add_dependencies(${name} vitc_headers)
  target_precompile_headers(${name} REUSE_FROM vitc_pch)
  target_compile_definitions(${name} PRIVATE ${ARG_DEFINE})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM GTest::gtest GTest::gtest_main)
  set_property(GLOBAL APPEND PROPERTY VITC_UNIT_TESTS ${name})
endfunction()

# vitc_add_check(NAME COMMENT DEPENDS targets... COMMAND command...): a target that runs a test suite on the terminal.
function(vitc_add_check name comment)
  cmake_parse_arguments(ARG "" "" "DEPENDS;COMMAND" ${ARGN})
  add_custom_target(${name}
    COMMAND ${ARG_COMMAND}
    DEPENDS ${ARG_DEPENDS}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMENT ${comment}
    COMMAND_EXPAND_LISTS USES_TERMINAL VERBATIM
  )
endfunction()
