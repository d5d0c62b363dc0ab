#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "model/delivery.hpp"

namespace slipway::test {

inline constexpr const char* captured_secret = "s3cr3t-webhook";
inline const std::filesystem::path captured_folder =
    std::filesystem::path(SLIPWAY_SOURCE_DIR) / "tests/data/deliveries";

inline std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A captured delivery as it comes off the wire.
inline RawDelivery captured(const std::string& name) {
  RawDelivery raw;
  raw.body = read(captured_folder / (name + ".body"));
  std::istringstream lines(read(captured_folder / (name + ".headers")));
  std::string line;
  std::getline(lines, line);
  raw.target = line.substr(5, line.rfind(' ') - 5);
  while (std::getline(lines, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto colon = line.find(':');
    raw.headers.add(line.substr(0, colon), colon + 2 < line.size() ? line.substr(colon + 2) : "");
  }
  return raw;
}

}  // namespace slipway::test
