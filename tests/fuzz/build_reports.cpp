// What a check or a registry hands in: test reports, globs, login files, challenges.
#include <cstdint>
#include <string_view>

#include "build/challenge.hpp"
#include "build/docker_config.hpp"
#include "build/image_name.hpp"
#include "build/local/junit.hpp"

using namespace slipway::build;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  TestCounts counts;
  static_cast<void>(add_junit(text, counts));
  static_cast<void>(counts.text());
  static_cast<void>(parse_challenge(text));
  static_cast<void>(registry_words(text));
  static_cast<void>(DockerConfig::parse(text));
  static_cast<void>(ImageName::parse(text, "zot.example"));
  const auto half = text.size() / 2;
  if (size < 64) static_cast<void>(fits_glob(text.substr(0, half), text.substr(half)));
  return 0;
}
