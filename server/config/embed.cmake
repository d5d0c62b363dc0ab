# The shipped pipelines become part of the program, so that it is one file: pipelines/*.yaml → shipped_pipelines.cpp.
file(GLOB pipelines CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/pipelines/*.yaml)
set(entries "")
foreach(file IN LISTS pipelines)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  get_filename_component(name ${file} NAME)
  file(READ ${file} text)
  string(APPEND entries "    {\"pipelines/${name}\", R\"yaml(${text})yaml\"},\n")
endforeach()
set(code "#include \"config/pipelines.hpp\"\n
namespace slipway::config {\n
std::vector<Source> shipped_pipelines() {\n  return {\n${entries}  };\n}\n
}  // namespace slipway::config\n")
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/shipped_pipelines.cpp CONTENT "@code@" @ONLY)
target_sources(slipway_config PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/shipped_pipelines.cpp)
