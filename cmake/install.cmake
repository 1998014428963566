# SPDX-License-Identifier: BSL-1.0
# `cmake --install` puts the headers and a package for find_package(strata) under a prefix.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/strata)

install(DIRECTORY include/strata DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS strata EXPORT strataTargets)
install(EXPORT strataTargets NAMESPACE strata:: DESTINATION ${package_dir})

configure_package_config_file(cmake/strataConfig.cmake.in strataConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(strataConfigVersion.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/strataConfig.cmake
              ${PROJECT_BINARY_DIR}/strataConfigVersion.cmake cmake/strataComponents.cmake
        DESTINATION ${package_dir})
