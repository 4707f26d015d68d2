target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/extractors/syscall/accounts.c
  ${CMAKE_SOURCE_DIR}/extractors/syscall/lookups.c)
target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/extractors/syscall)
