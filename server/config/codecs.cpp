#include "config/codecs.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace slipway::config {
namespace {

std::optional<bool> bool_from(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

bool is_address(const std::string& host) {
  in6_addr address{};  // the larger of the two families
  if (host.find(':') == std::string::npos) return host == "localhost" || ::inet_pton(AF_INET, host.c_str(), &address) == 1;
  return ::inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &address) == 1;  // the interface follows the `%`
}

std::optional<Endpoint> endpoint_from(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    return std::nullopt;
  const auto port = whole_from(text.substr(colon + 1));
  if (!is_address(host) || !port || *port < 0 || *port > 65535) return std::nullopt;
  return Endpoint(host, static_cast<std::uint16_t>(*port));
}

std::string endpoint_text(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.host, v6 ? "]" : "", endpoint.port);
}

std::optional<std::string> address_from(std::string text) {
  const auto scheme = text.find("://");
  if (scheme == std::string::npos || (text.compare(0, scheme, "http") != 0 && text.compare(0, scheme, "https") != 0))
    return std::nullopt;
  while (text.ends_with('/')) text.pop_back();
  const auto authority = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const bool bad = authority.empty() || authority.find('@') != std::string::npos ||
                   text.find_first_of(" \t\r\n\"'<>\\") != std::string::npos;
  return bad ? std::nullopt : std::optional(text);
}

std::string same(const std::string& value) {
  return value;
}

constexpr const char* string_schema = R"({"type":["string","number","boolean"]})";

}  // namespace

std::optional<std::int64_t> whole_from(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string or_reference(const std::string& schema) {
  return fmt::format(R"({{"anyOf":[{},{{"type":"string","pattern":"[$][({{]"}}]}})", schema);
}

bool check_keys(Reader& in, const YAML::Node& node, const ShapeInfo& info) {
  if (!node.IsMap()) {
    in.fail(node, fmt::format("expected a mapping with the keys of `{}`", info.name));
    return false;
  }
  std::vector<std::string> known, seen;
  for (const auto& key : info.keys) known.push_back(key.name);
  for (const auto& member : node) {
    const std::string name = member.first.IsScalar() ? member.first.Scalar() : "?";
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      in.fail(member.first,
              fmt::format("`{}` has no key '{}'{}", info.name, printable(name, 60), did_you_mean(name, known)));
    } else if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      in.fail(member.first, fmt::format("'{}' stands here a second time", name));
    }
    seen.push_back(name);
  }
  for (const auto& key : info.keys) {
    if (key.required && !node[key.name])
      in.fail(node, fmt::format("`{}` needs the key '{}': {}", info.name, key.name, key.sentence));
  }
  return true;
}

Codec<bool> boolean() {
  return scalar<bool>("true or false", or_reference(R"({"type":"boolean"})"), "boolean: write true or false", bool_from,
                      [](const bool& value) { return std::string(value ? "true" : "false"); });
}

Codec<std::string> text() {
  return scalar<std::string>(
      "text", string_schema, "text", [](const std::string& text) { return std::optional(text); }, same);
}

Codec<std::string> some_text() {
  auto parse = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  return scalar<std::string>("text", R"({"type":["string","number"],"minLength":1})", "text: it may not be empty",
                             parse, same);
}

Codec<Located> located_text(const std::string& type) {
  auto read = [](Reader& in, const YAML::Node& node, Located& value) {
    if (auto found = in.located(node)) value = std::move(*found);
  };
  return Codec<Located>{type, R"({"type":["string","number","boolean"]})", read,
                        [](const Located& value) { return value.text; }, nullptr};
}

Codec<YAML::Node> any_node(const std::string& type, std::shared_ptr<const ShapeInfo> inner, const std::string& schema) {
  auto read = [](Reader&, const YAML::Node& node, YAML::Node& value) { value.reset(node); };
  return Codec<YAML::Node>{type, schema, read, nullptr, std::move(inner)};
}

Codec<Endpoint> endpoint() {
  return scalar<Endpoint>("host:port", or_reference(R"({"type":"string","pattern":"^.+:.+$"})"),
                          "address to listen on: an IP address or localhost, and a port, like 127.0.0.1:8080 or [::]:8080", endpoint_from, endpoint_text);
}

Codec<std::string> address() {
  return scalar<std::string>("http or https address", or_reference(R"({"type":"string","pattern":"^https?://[^@]*$"})"),
                             "http:// or https:// address without credentials in it", address_from, same);
}

Codec<std::filesystem::path> path(bool must_exist) {
  auto read = [must_exist](Reader& in, const YAML::Node& node, std::filesystem::path& value) {
    const auto text = in.scalar(node);
    if (!text) return;
    if (text->empty()) return in.fail(node, "a path may not be empty");
    value = *text;
    if (must_exist)
      value = in.file(node, *text);
    else if (value.is_relative())
      value = (std::filesystem::path(in.source().file).parent_path() / value).lexically_normal();
  };
  return Codec<std::filesystem::path>{must_exist ? "file" : "path", R"({"type":"string","minLength":1})", read,
                                      [](const std::filesystem::path& value) { return value.string(); }, nullptr};
}

Codec<std::uint64_t> size(std::uint64_t at_least) {
  auto parse = [at_least](const std::string& text) {
    const auto value = size_from(text);
    return value && *value >= at_least ? value : std::nullopt;
  };
  return scalar<std::uint64_t>(
      fmt::format("size, at least {}", size_text(at_least)),
      or_reference(R"({"type":["string","integer"],"minimum":0,"pattern":"^[0-9]+([KMGT]i?|k)?B?$"})"),
      fmt::format("size of at least {} (like 64Mi, 16Gi, 1048576)", size_text(at_least)), parse, size_text);
}

Codec<std::uint64_t> cpu() {
  return scalar<std::uint64_t>(
      "cores", or_reference(R"({"type":["string","number"],"minimum":0,"pattern":"^[0-9]+(m|\\.[0-9]{1,3})?$"})"),
      "number of cores (like 500m, 2, 0.5)", [](const std::string& text) { return cpu_from(text); }, cpu_text);
}

Codec<std::map<std::string, std::string>> secret_files() {
  using Map = std::map<std::string, std::string>;
  auto read = [](Reader& in, const YAML::Node& node, Map& value) {
    if (node.IsNull()) return;
    if (!node.IsMap()) return in.fail(node, "expected a mapping from name to file");
    for (const auto& member : node) {
      const auto name = in.scalar(member.first);
      const auto file = in.scalar(member.second);
      if (!name || !file) continue;
      if (!value.emplace(*name, in.file(member.second, *file).string()).second)
        in.fail(member.first, fmt::format("'{}' stands here a second time", *name));
    }
  };
  return Codec<Map>{"mapping from name to file",
                    R"({"type":["object","null"],"additionalProperties":{"type":"string"}})", read, nullptr, nullptr};
}

Codec<std::vector<std::pair<std::string, std::string>>> assignments(bool as_list) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  auto read_list = [](Reader& in, const YAML::Node& node, Pairs& values) {
    values.clear();
    if (node.IsNull()) return;
    if (!node.IsSequence()) return in.fail(node, "expected a list of NAME=value");
    for (const YAML::Node& element : node) {
      const auto text = in.scalar(element);
      if (!text) continue;
      const auto equals = text->find('=');
      if (equals == std::string::npos || equals == 0)
        in.fail(element, fmt::format("'{}' is no NAME=value", printable(*text, 80)));
      else
        values.emplace_back(text->substr(0, equals), text->substr(equals + 1));
    }
  };
  auto read_map = [](Reader& in, const YAML::Node& node, Pairs& values) {
    values.clear();
    if (node.IsNull()) return;
    if (!node.IsMap()) return in.fail(node, "expected a mapping from name to value");
    for (const auto& member : node) {
      const auto name = in.scalar(member.first);
      const auto value = in.scalar(member.second);
      if (name && value) values.emplace_back(*name, *value);
    }
  };
  if (as_list)
    return Codec<Pairs>{"list of NAME=value",
                        R"({"type":["array","null"],"items":{"type":"string","pattern":"^[^=]+="}})", read_list,
                        nullptr, nullptr};
  return Codec<Pairs>{"mapping from name to value",
                      R"({"type":["object","null"],"additionalProperties":{"type":["string","number","boolean"]}})",
                      read_map, nullptr, nullptr};
}

Codec<Parameters> parameters() {
  auto read = [](Reader& in, const YAML::Node& node, Parameters& values) {
    if (node.IsNull()) return;
    if (!node.IsMap()) return in.fail(node, "expected a mapping from parameter to value");
    for (const auto& member : node) {
      const auto name = in.scalar(member.first);
      const auto value = in.scalar(member.second);
      if (!name || !value) continue;
      if (!values.emplace(*name, *value).second)
        in.fail(member.first, fmt::format("'{}' stands here a second time", *name));
    }
  };
  return Codec<Parameters>{
      "mapping from parameter to value",
      R"({"type":["object","null"],"additionalProperties":{"type":["string","number","boolean"]}})", read, nullptr,
      nullptr};
}

}  // namespace slipway::config
