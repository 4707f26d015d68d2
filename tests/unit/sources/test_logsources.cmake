pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
target_link_libraries(${name} PRIVATE PkgConfig::ZLIB ${CMAKE_DL_LIBS})
add_dependencies(${name} cloudtrail_plugin k8saudit_plugin)
