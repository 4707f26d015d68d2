target_link_libraries(${target} PRIVATE gyr_container_parts)
