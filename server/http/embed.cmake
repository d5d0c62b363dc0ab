# openapi.yaml becomes part of the program.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/http/openapi.yaml)
file(READ ${CMAKE_CURRENT_SOURCE_DIR}/http/openapi.yaml SLIPWAY_OPENAPI)
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/http/openapi.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/http_openapi.cpp @ONLY)
target_sources(slipway_http PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/http_openapi.cpp)
