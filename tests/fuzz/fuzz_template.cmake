target_include_directories(${target} PRIVATE ${TESTS_LIB})
