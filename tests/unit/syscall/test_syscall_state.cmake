target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/extractors/syscall/fdtab.c
  ${CMAKE_SOURCE_DIR}/extractors/syscall/imap.c ${CMAKE_SOURCE_DIR}/extractors/syscall/names.c
  ${CMAKE_SOURCE_DIR}/extractors/syscall/path.c
  ${CMAKE_SOURCE_DIR}/extractors/syscall/pool.c ${CMAKE_SOURCE_DIR}/extractors/syscall/rtext.c)
target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/extractors/syscall)
