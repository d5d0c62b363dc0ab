#include "build/challenge.hpp"

#include <rapidjson/document.h>

#include <algorithm>

#include "base/text.hpp"

namespace slipway::build {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Reads `key=value` and `key="value"` pairs, separated by commas.
class Parameters {
 public:
  explicit Parameters(std::string_view text) : rest_(text) {}

  bool next(std::string_view& key, std::string& value) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t,"), rest_.size()));
    const auto equals = rest_.find('=');
    if (equals == std::string_view::npos) return false;
    key = rest_.substr(0, equals);
    rest_.remove_prefix(equals + 1);
    value.clear();
    return rest_.starts_with('"') ? quoted(value) : plain(value);
  }

 private:
  bool quoted(std::string& value) {
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return true;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      value += rest_[i];
    }
    return false;
  }

  bool plain(std::string& value) {
    const std::size_t end = std::min(rest_.find_first_of(" \t,"), rest_.size());
    value = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<Challenge> parse_challenge(std::string_view header) {
  header.remove_prefix(std::min(header.find_first_not_of(" \t"), header.size()));
  const auto scheme = header.substr(0, header.find_first_of(" \t"));
  Challenge challenge;
  if (same_word(scheme, "bearer")) challenge.scheme = Challenge::Scheme::bearer;
  else if (!same_word(scheme, "basic")) return std::nullopt;
  Parameters parameters(header.substr(scheme.size()));
  std::string_view key;
  for (std::string value; parameters.next(key, value);) {
    if (same_word(key, "realm")) challenge.realm = value;
    if (same_word(key, "service")) challenge.service = value;
    if (same_word(key, "scope")) challenge.scope = value;
  }
  if (challenge.scheme == Challenge::Scheme::bearer && challenge.realm.empty()) return std::nullopt;
  return challenge;
}

std::string registry_words(std::string_view body) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(body.data(), body.size());
  if (document.HasParseError() || !document.IsObject()) return {};
  const auto errors = document.FindMember("errors");
  if (errors == document.MemberEnd() || !errors->value.IsArray()) return {};
  std::string words;
  for (const auto& error : errors->value.GetArray()) {
    if (!error.IsObject()) continue;
    for (const char* key : {"code", "message"}) {
      const auto found = error.FindMember(key);
      if (found == error.MemberEnd() || !found->value.IsString()) continue;
      words += (words.empty() ? "" : std::string_view(key) == "code" ? "; " : ": ") + std::string(found->value.GetString());
    }
  }
  return printable(words, 300);
}

}  // namespace slipway::build
