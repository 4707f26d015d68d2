target_link_libraries(${target} PRIVATE gyr_cloudtrail)
