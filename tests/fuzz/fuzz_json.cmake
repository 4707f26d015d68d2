target_link_libraries(${target} PRIVATE json-c)
