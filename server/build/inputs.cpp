#include "build/inputs.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/hmac.hpp"

namespace slipway::build {

namespace {

/// Length-prefixed, so that different lists of fields never give the same text.
void append(std::string& text, std::string_view field) { text += fmt::format("{}:{},", field.size(), field); }

void append(std::string& text, const std::vector<std::pair<std::string, std::string>>& pairs) {
  append(text, std::to_string(pairs.size()));
  for (const auto& [key, value] : pairs) {
    append(text, key);
    append(text, value);
  }
}

}  // namespace

std::string build_inputs(const BuildOrder& order) {
  std::string text = "slipway-inputs-1,";
  append(text, order.template_name.value());
  append(text, order.build.context);
  append(text, order.build.dockerfile);
  append(text, order.build.target);
  append(text, order.build.arguments);
  append(text, std::to_string(order.build.platforms.size()));
  for (const auto& platform : order.build.platforms) append(text, platform);
  append(text, order.build.environment);
  if (order.build.submodules) append(text, "submodules");
  if (order.build.lfs) append(text, "lfs");
  return sha256_hex(text);
}

std::vector<std::pair<std::string, std::string>> image_labels(const BuildOrder& order) {
  const auto created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(Clock::to_time_t(order.commit_time)));
  return {{revision_label, order.commit.value()},
          {source_label, order.source_url},
          {created_label, created},
          {inputs_label, build_inputs(order)}};
}

}  // namespace slipway::build
