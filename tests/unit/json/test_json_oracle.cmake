target_link_libraries(${name} PRIVATE json-c)
