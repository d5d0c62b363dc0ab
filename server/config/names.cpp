#include <algorithm>

#include "config/codecs.hpp"
#include "config/paths.hpp"
#include "config/references.hpp"
#include "io/url.hpp"

namespace slipway::config {
namespace {

/// The rules of git-check-ref-format.
bool is_branch(std::string_view name) {
  if (name.empty() || name == "@" || name.front() == '-' || name.back() == '.') return false;
  for (const char* never : {"..", "@{"}) {
    if (name.find(never) != std::string_view::npos) return false;
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('/', begin), name.size());
    const auto part = name.substr(begin, end - begin);
    if (part.empty() || part.front() == '.' || part.ends_with(".lock")) return false;
    begin = end + 1;
  }
  return std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || std::string_view("~^:?*[\\").find(c) != std::string_view::npos;
  });
}

bool is_request_path(std::string_view path) {
  return path.starts_with('/') && std::none_of(path.begin(), path.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '?' || c == '#';
         });
}

Codec<std::string> text_that(bool (*is)(std::string_view), const std::string& type, const std::string& expected) {
  auto codec = some_text();
  auto parse = [is](const std::string& text) { return is(text) ? std::optional(text) : std::nullopt; };
  return scalar<std::string>(type, codec.schema, expected, parse, codec.show);
}

}  // namespace

Codec<std::string> registry_host() {
  return text_that(io::is_host, "host or host:port",
                   "host, like registry.example.com or 127.0.0.1:5000: it has no scheme, and what follows the host belongs "
                   "in front of `build.image`");
}

Codec<std::string> branch() {
  return text_that(is_branch, "branch", "name of a branch that Git would take (git check-ref-format says why)");
}

Codec<std::string> request_path() {
  return text_that(is_request_path, "request path", "path of a request: it begins with a slash and has no blank, ? or #");
}

Codec<std::string> commit_message() {
  auto codec = some_text();
  codec.read = [text = codec.read](Reader& in, const YAML::Node& node, std::string& value) {
    text(in, node, value);
    const std::vector<std::string> known(message_references.begin(), message_references.end());
    for (const auto& name : references_in(value)) {
      if (name.find_first_of(" /") != std::string::npos || std::find(known.begin(), known.end(), name) != known.end()) continue;
      in.fail(node, fmt::format("$({}) is nothing that a commit's message may have{}: one of {}", printable(name, 60),
                                did_you_mean(name, known), fmt::join(known, ", ")));
    }
  };
  return codec;
}

Codec<std::string> path_rule() {
  auto codec = some_text();
  codec.read = [text = codec.read](Reader& in, const YAML::Node& node, std::string& value) {
    value.clear();
    text(in, node, value);
    if (value.empty()) return;
    if (const auto rule = PathRule::parse(value); !rule) in.fail(node, rule.error().what());
  };
  return codec;
}

}  // namespace slipway::config
