# What `cmake --install` puts where, by component:
#   tools        bin/vitc and the other programs
#   plugins      lib/VitcPlugin.so, for mlir-opt
#   development  headers (generated ones too), libraries, and lib/cmake/vitc, which is what find_package(vitc) reads
#   python       lib/vitc/python, to be put on PYTHONPATH
#
# The package holds a library for each dialect, for recognition, and for each conversion and transform. Import, Target, Run and
# Driver are in the tools only: they depend on Protobuf and lld, which no user of a dialect wants.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(VITC_PACKAGE_LIBRARIES
  VitcSupport
  VitcONNXDialect
  VitcONNXTransforms
  VitcViTDialect
  VitcViTTransforms
  VitcViTUtils
  VitcCPUKernelDialect
  VitcCPUKernelTransforms
  VitcGPUKernels
  VitcGPUKernelDialect
  VitcGPUKernelTransforms
  VitcRecognition
  VitcTransforms
  VitcCPUKernelToLLVM
  VitcONNXToLinalg
  VitcViTToCPU
  VitcViTToGPU
  VitcViTToLinalg
  VitcPipelines
)
set(vitc_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vitc)

install(TARGETS vitc vitc-opt vitc-run vitc-translate RUNTIME COMPONENT tools)
if(TARGET VitcPlugin)
  install(TARGETS VitcPlugin LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT plugins)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/python/vitc DESTINATION ${CMAKE_INSTALL_LIBDIR}/vitc/python COMPONENT python
  FILES_MATCHING PATTERN "*.py" PATTERN "py.typed" PATTERN __pycache__ EXCLUDE)

install(TARGETS ${VITC_PACKAGE_LIBRARIES} EXPORT vitcTargets
  ARCHIVE COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT vitcTargets NAMESPACE vitc:: DESTINATION ${vitc_package_dir} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/vitc ${PROJECT_SOURCE_DIR}/include/vitc-c ${PROJECT_BINARY_DIR}/include/vitc
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.inc"
  PATTERN Driver EXCLUDE PATTERN Import EXCLUDE PATTERN Run EXCLUDE PATTERN Target EXCLUDE PATTERN CMakeFiles EXCLUDE)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/vitcConfig.cmake.in ${PROJECT_BINARY_DIR}/cmake/vitcConfig.cmake
  INSTALL_DESTINATION ${vitc_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/vitcConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cmake/vitcConfig.cmake ${PROJECT_BINARY_DIR}/cmake/vitcConfigVersion.cmake
  DESTINATION ${vitc_package_dir} COMPONENT development)
