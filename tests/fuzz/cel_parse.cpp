#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cel/program.hpp"

// Any bytes as an expression: lexer, parser, macros, checker and planner.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto program = slipway::cel::Program::compile(source);
  if (!program && program.error().what().empty()) __builtin_trap();
  return 0;
}
