add_dependencies(${name} json_plugin)
