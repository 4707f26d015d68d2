# Plugins and the registry manifest. In the tree and, installed, in projects of others.

set(GYR_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

# add_plugin(NAME file.c ... [LIBS target ...]): builds plugins/NAME.so from this folder, whose
# plugin.yaml is its entry in the registry manifest. Only the symbols of the ABI are exported.
function(add_plugin name)
  cmake_parse_arguments(P "" "" "LIBS" ${ARGN})
  set(yaml ${CMAKE_CURRENT_SOURCE_DIR}/plugin.yaml)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}.yaml) # several plugins in one folder
    set(yaml ${CMAKE_CURRENT_SOURCE_DIR}/${name}.yaml)
  elseif(NOT EXISTS ${yaml})
    message(FATAL_ERROR "plugin ${name}: there is no plugin.yaml in ${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  add_library(${name}_plugin MODULE ${P_UNPARSED_ARGUMENTS})
  set_target_properties(${name}_plugin PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} C_VISIBILITY_PRESET hidden
    BUILD_WITH_INSTALL_RPATH ON # the bytes that are installed are those that were built
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  target_link_libraries(${name}_plugin PRIVATE gyr::sdk ${P_LIBS})
  target_link_options(${name}_plugin PRIVATE -Wl,--exclude-libs,ALL)
  set_property(GLOBAL APPEND PROPERTY GYR_PLUGINS ${name})
  set_property(GLOBAL PROPERTY GYR_PLUGIN_DIR_${name} ${CMAKE_CURRENT_SOURCE_DIR})
  set_property(GLOBAL PROPERTY GYR_PLUGIN_YAML_${name} ${yaml})
  include(GNUInstallDirs)
  install(TARGETS ${name}_plugin LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/gyr/plugins)
endfunction()

# gyr_registry(FILE): writes the manifest from every plugin's plugin.yaml once they are built, and
# anew when one of them changes. The installed manifest, <libdir>/gyr/registry.yaml, is made from the
# installed libraries, so that its digests hold whatever installing did to them.
function(gyr_registry file)
  get_property(names GLOBAL PROPERTY GYR_PLUGINS)
  foreach(name ${names})
    get_property(yaml GLOBAL PROPERTY GYR_PLUGIN_YAML_${name})
    list(APPEND rows "${name}=${yaml}")
    list(APPEND inputs ${yaml} ${name}_plugin)
  endforeach()
  set(script ${GYR_CMAKE_DIR}/GyrRegistry.cmake)
  add_custom_command(OUTPUT ${file}
    COMMAND ${CMAKE_COMMAND} -DOUT=${file} -DLIBRARIES=${CMAKE_BINARY_DIR}/plugins
      "-DPLUGINS=${rows}" -P ${script}
    COMMAND ${CMAKE_COMMAND} -E touch ${file}
    DEPENDS ${inputs} ${script}
    COMMENT "Registry of plugins" VERBATIM)
  add_custom_target(registry ALL DEPENDS ${file})
  install(CODE "
    set(root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/gyr\")
    message(STATUS \"Installing: \${root}/registry.yaml\")
    execute_process(COMMAND \"${CMAKE_COMMAND}\" \"-DOUT=\${root}/registry.yaml\"
      \"-DLIBRARIES=\${root}/plugins\" \"-DPLUGINS=${rows}\" -P \"${script}\"
      COMMAND_ERROR_IS_FATAL ANY)")
endfunction()
