# Warnings and sanitizers for everything in this tree.

add_compile_options(
  -Wall -Wextra -Wshadow -Wvla -Wconversion
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  -Wno-sign-conversion -Wpointer-arith -Wwrite-strings -Wformat=2 -Werror
  -fno-strict-aliasing -fstack-protector-strong)
add_compile_definitions(_GNU_SOURCE)

if(ASAN)
  add_compile_options(-fsanitize=address -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address)
endif()
if(UBSAN)
  add_compile_options(-fsanitize=undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=undefined)
endif()
if(TSAN)
  add_compile_options(-fsanitize=thread)
  # A fence orders our stores with what programs in the kernel see, of which it knows nothing.
  add_compile_options($<$<COMPILE_LANG_AND_ID:C,GNU>:-Wno-tsan>)
  add_link_options(-fsanitize=thread)
endif()
if(COVERAGE)
  add_compile_options(--coverage -O0)
  add_link_options(--coverage)
endif()
if(FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
