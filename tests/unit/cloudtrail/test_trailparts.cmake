target_link_libraries(${name} PRIVATE gyr_cloudtrail)
