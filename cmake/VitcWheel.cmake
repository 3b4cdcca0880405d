# The programs of the Python wheel: of the objects of `vitc` and `vitc-run`, with LLVM, MLIR, lld and the C++ library inside. They need
# libc and libm alone. tools/wheel packs them.
set(vitc_wheel_tools)

# vitc_add_wheel_tool(TOOL LIBRARIES...): bin/wheel/TOOL.
function(vitc_add_wheel_tool tool)
  set(target ${tool}-static)
  add_executable(${target} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${tool}>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${tool} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/wheel LINKER_LANGUAGE CXX)
  target_link_libraries(${target} PRIVATE ${ARGN})
  vitc_link_archives(${target})
  install(TARGETS ${target} RUNTIME DESTINATION ${SKBUILD_SCRIPTS_DIR} COMPONENT wheel EXCLUDE_FROM_ALL)
  set(vitc_wheel_tools ${vitc_wheel_tools} ${target} PARENT_SCOPE)
endfunction()

if(NOT DEFINED SKBUILD_SCRIPTS_DIR) # pip installs them where programs go; so does `cmake --install --component wheel`
  set(SKBUILD_SCRIPTS_DIR ${CMAKE_INSTALL_BINDIR})
endif()
vitc_add_wheel_tool(vitc VitcDriver)
vitc_add_wheel_tool(vitc-run VitcRun)
add_custom_target(vitc-wheel DEPENDS ${vitc_wheel_tools})
