# The plugin itself is linked in, so that its code is instrumented.
file(GLOB syscall_src CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/extractors/syscall/*.c)
target_sources(${target} PRIVATE ${syscall_src})
target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/extractors/syscall)
target_link_libraries(${target} PRIVATE gyr_events)
