# GyrRegistry.cmake: a script (cmake -P) that writes the registry manifest.
#
#   cmake -DOUT=<registry.yaml> -DLIBRARIES=<folder> -DPLUGINS=<name=its plugin.yaml;...>
#         -P GyrRegistry.cmake
#
# Each entry is the plugin.yaml as written, and what only the build knows: the path of the library,
# relative to the manifest, and the SHA-256 of its bytes.
get_filename_component(out_dir "${OUT}" ABSOLUTE)
get_filename_component(out_dir "${out_dir}" DIRECTORY)
file(RELATIVE_PATH relative "${out_dir}" "${LIBRARIES}")
if(relative)
  string(APPEND relative "/")
endif()

set(text "# The plugins of this installation. Written by the build; do not edit.\nplugins:\n")
list(SORT PLUGINS)
foreach(plugin ${PLUGINS})
  string(REGEX MATCH "^([^=]*)=(.*)$" parts "${plugin}")
  set(name ${CMAKE_MATCH_1})
  set(yaml "${CMAKE_MATCH_2}")
  set(library "${LIBRARIES}/${name}.so")
  if(NOT EXISTS "${library}")
    continue() # a component that was not installed
  endif()

  file(SHA256 "${library}" digest)
  file(READ "${yaml}" entry)
  string(REGEX REPLACE "(^|\n)(#[^\n]*|---[^\n]*)" "" entry "${entry}")
  string(STRIP "${entry}" entry)
  string(REPLACE "\n" "\n    " entry "${entry}")
  string(APPEND text "  - ${entry}\n    library: ${relative}${name}.so\n    sha256: ${digest}\n")
endforeach()

# Written only when it changed, so that nothing is rebuilt or signed anew for nothing.
if(EXISTS "${OUT}")
  file(READ "${OUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUT}" "${text}")
endif()
