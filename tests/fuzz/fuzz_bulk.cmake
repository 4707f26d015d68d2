target_link_libraries(${target} PRIVATE gyr_http_bulk)
