target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/extractors/syscall/accounts.c
  ${CMAKE_SOURCE_DIR}/extractors/syscall/lookups.c)
target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/extractors/syscall)
