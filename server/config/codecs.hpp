#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/shape.hpp"
#include "config/units.hpp"
#include "model/settings.hpp"

namespace slipway::config {

// Codecs for the value types used in a configuration.

Codec<bool> boolean();
Codec<std::string> text();
/// Non-empty text.
Codec<std::string> some_text();
Codec<Located> located_text(const std::string& type);
Codec<YAML::Node> any_node(const std::string& type, std::shared_ptr<const ShapeInfo> inner, const std::string& schema);
/// An IP address or `localhost`, and a port.
Codec<Endpoint> endpoint();
/// `http://` or `https://`, without credentials; trailing slashes are removed.
Codec<std::string> address();
/// A path relative to the configuration's folder; with `must_exist`, `check` and `serve` require the file.
Codec<std::filesystem::path> path(bool must_exist);
Codec<std::uint64_t> size(std::uint64_t at_least);
Codec<std::uint64_t> cpu();
Codec<std::map<std::string, std::string>> secret_files();
/// A list of `NAME=value`, or a mapping.
Codec<std::vector<std::pair<std::string, std::string>>> assignments(bool as_list);
Codec<Parameters> parameters();
/// A host without scheme or path, optionally with a port.
Codec<std::string> registry_host();
Codec<std::string> branch();
/// The path of a request, i.e. the part before its `?`.
Codec<std::string> request_path();
/// Text that may contain references known to a hand-off.
Codec<std::string> commit_message();
/// The text of a PathRule.
Codec<std::string> path_rule();

/// JSON Schema for the value or a reference to it: `$(params.x)`, `${VARIABLE}`.
std::string or_reference(const std::string& schema);

/// `parse` returns the value or nullopt; `expected` completes the error "'x' is no …".
template <class T>
Codec<T> scalar(std::string type, std::string schema, std::string expected,
                std::function<std::optional<T>(const std::string&)> parse, std::function<std::string(const T&)> show) {
  auto read = [expected = std::move(expected), parse = std::move(parse)](Reader& in, const YAML::Node& node, T& value) {
    const auto text = in.scalar(node);
    if (!text) return;
    if (auto parsed = parse(*text)) {
      value = std::move(*parsed);
    } else {
      in.fail(node, fmt::format("'{}' is no {}", printable(*text, 100), expected));
    }
  };
  return Codec<T>{std::move(type), std::move(schema), std::move(read), std::move(show), nullptr};
}

std::optional<std::int64_t> whole_from(const std::string& text);

template <class T>
Codec<T> whole(std::int64_t low, std::int64_t high) {
  auto parse = [low, high](const std::string& text) -> std::optional<T> {
    const auto value = whole_from(text);
    return value && *value >= low && *value <= high ? std::optional<T>(static_cast<T>(*value)) : std::nullopt;
  };
  const auto range = fmt::format("whole number from {} to {}", low, high);
  return scalar<T>(range, or_reference(fmt::format(R"({{"type":"integer","minimum":{},"maximum":{}}})", low, high)),
                   range, parse, [](const T& value) { return fmt::format("{}", value); });
}

template <class D>
Codec<D> duration(D low, D high) {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  auto parse = [low, high](const std::string& text) -> std::optional<D> {
    const auto value = duration_from(text);
    if (!value || *value < low || *value > high || duration_cast<D>(*value) != *value) return std::nullopt;
    return duration_cast<D>(*value);
  };
  const auto type = fmt::format("duration from {} to {}", text_of(low), text_of(high));
  return scalar<D>(
      type,
      or_reference(R"({"type":["string","integer"],"pattern":"^(0|([0-9]+(ms|s|m|h|d))+)$","maximum":0,"minimum":0})"),
      type + " (like 30s, 5m, 1h30m)", parse, [](const D& value) { return text_of(value); });
}

template <class E>
Codec<E> one_of(std::vector<std::pair<std::string, E>> names) {
  std::string list, schema;
  for (const auto& [name, value] : names) {
    list += (list.empty() ? "" : ", ") + name;
    schema += fmt::format("{}\"{}\"", schema.empty() ? "" : ",", name);
  }
  auto read = [names, list](Reader& in, const YAML::Node& node, E& value) {
    const auto text = in.scalar(node);
    if (!text) return;
    std::vector<std::string> known;
    for (const auto& [name, known_value] : names) {
      if (name == *text) return static_cast<void>(value = known_value);
      known.push_back(name);
    }
    in.fail(node, fmt::format("'{}' is none of {}{}", printable(*text, 60), list, did_you_mean(*text, known)));
  };
  auto show = [names](const E& value) {
    for (const auto& [name, known_value] : names) {
      if (known_value == value) return name;
    }
    return std::string();
  };
  return Codec<E>{"one of " + list, or_reference(fmt::format(R"({{"enum":[{}]}})", schema)), read, show, nullptr};
}

template <class T>
Codec<std::vector<T>> list(Codec<T> item) {
  auto read = [item](Reader& in, const YAML::Node& node, std::vector<T>& values) {
    values.clear();
    if (node.IsNull()) return;
    if (!node.IsSequence()) return in.fail(node, "expected a list");
    for (const YAML::Node& element : node) {
      T value;
      item.read(in, element, value);
      values.push_back(std::move(value));
    }
  };
  return Codec<std::vector<T>>{"list of " + item.type,
                               fmt::format(R"({{"type":["array","null"],"items":{}}})", item.schema), read,
                               [](const std::vector<T>&) { return std::string(); }, item.inner};
}

template <class T>
Codec<std::optional<T>> maybe(Codec<T> codec) {
  auto read = [inner = codec.read](Reader& in, const YAML::Node& node, std::optional<T>& value) {
    T present = value ? *value : T();
    inner(in, node, present);
    value = std::move(present);
  };
  return Codec<std::optional<T>>{codec.type, codec.schema, read, [](const std::optional<T>&) { return std::string(); },
                                 codec.inner};
}

/// A mapping with declared keys.
template <class T>
Codec<T> object(const Shape<T>& shape) {
  const auto info = shape.info();
  return Codec<T>{info->name, fmt::format(R"({{"$ref":"#/definitions/{}"}})", info->name),
                  [shape](Reader& in, const YAML::Node& node, T& value) {
                    if (!node.IsNull()) shape.read(in, node, value);
                  },
                  nullptr, info};
}

}  // namespace slipway::config
