target_link_libraries(${name} PRIVATE ${CMAKE_DL_LIBS})
add_dependencies(${name} syslog_plugin)
