#include "config/yaml_text.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>

namespace slipway::config {
namespace {

bool is_plain(std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr std::string_view others = "0123456789-./()$<>+@=,~^ ";
  constexpr std::array<std::string_view, 12> words{"true", "false", "null", "yes", "no",  "on",
                                                   "off",  "y",     "n",    "nan", "inf", "none"};
  if (text.empty()) return false;
  if (letters.find(text.front()) == std::string_view::npos && text.front() != '/' && text.front() != '.' &&
      text.front() != '$')
    return false;
  if (text.front() == '.' && text.size() > 1 && text[1] != '/') return false;
  if (text.back() == ' ') return false;
  for (const char c : text) {
    if (letters.find(c) == std::string_view::npos && others.find(c) == std::string_view::npos) return false;
  }
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::find(words.begin(), words.end(), lower) == words.end();
}

std::string json(const rapidjson::Value& value) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  value.Accept(writer);
  return std::string(out.GetString(), out.GetSize());
}

bool is_block(const rapidjson::Value& value) {
  return (value.IsObject() && !value.ObjectEmpty()) || (value.IsArray() && !value.Empty());
}

std::string scalar(const rapidjson::Value& value) {
  return value.IsString() ? yaml_scalar(std::string_view(value.GetString(), value.GetStringLength())) : json(value);
}

/// Writes a value starting on the current line; further lines are indented by `indent`.
void write(const rapidjson::Value& value, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  bool first = true;
  const auto next_line = [&] {
    if (!first) out += margin;
    first = false;
  };
  if (value.IsObject()) {
    for (const auto& member : value.GetObject()) {
      next_line();
      out += scalar(member.name) + ":";
      if (!is_block(member.value)) {
        out += " " + scalar(member.value) + "\n";
        continue;
      }
      out += "\n" + std::string(indent + 2, ' ');
      write(member.value, indent + 2, out);
    }
    return;
  }
  for (const auto& element : value.GetArray()) {
    next_line();
    out += "- ";
    if (is_block(element))
      write(element, indent + 2, out);
    else
      out += scalar(element) + "\n";
  }
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  return json(rapidjson::Value(rapidjson::StringRef(text.data(), text.size())));
}

std::string to_yaml(const rapidjson::Value& value) {
  if (!is_block(value)) return scalar(value) + "\n";
  std::string out;
  write(value, 0, out);
  return out;
}

}  // namespace slipway::config
