pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
target_link_libraries(${name} PRIVATE gyr_scap PkgConfig::ZLIB)
