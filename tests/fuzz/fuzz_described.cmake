# The parsers of the source, without its plugin; batches are of the target itself.
pkg_check_modules(JSONC REQUIRED IMPORTED_TARGET json-c)
set(described ${CMAKE_SOURCE_DIR}/sources/described)
target_sources(${target} PRIVATE ${described}/happening.c ${described}/process.c ${described}/value.c
  ${described}/address.c ${described}/bytes.c)
target_include_directories(${target} PRIVATE ${described})
target_link_libraries(${target} PRIVATE gyr_events PkgConfig::JSONC)
