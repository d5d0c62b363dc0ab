#include <openssl/crypto.h>

#include <array>

#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/json.hpp"
#include "cel/json_write.hpp"
#include "cel/url.hpp"
#include "cel/yaml.hpp"

namespace slipway::cel::functions {

namespace {

bool is_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

// Go's textproto.CanonicalMIMEHeaderKey: `x-gitea-event` → X-Gitea-Event; an invalid header name is kept unchanged.
class CanonicalName {
 public:
  explicit CanonicalName(std::string_view name) : name_(name) {
    if (name.size() > buffer_.size()) return;
    bool upper = true;
    for (std::size_t i = 0; i < name.size(); ++i) {
      char c = name[i];
      if (!is_token(c)) return;
      if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
      if (!upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
      buffer_[i] = c;
      upper = c == '-';
    }
    name_ = std::string_view(buffer_.data(), name.size());
  }
  CanonicalName(const CanonicalName&) = delete;
  CanonicalName& operator=(const CanonicalName&) = delete;
  std::string_view text() const { return name_; }

 private:
  std::array<char, 256> buffer_;
  std::string_view name_;
};

// The error why a map is not an http.Header, else null. The bindings' own header needs no check.
Value not_a_header(const Value& map, const Bindings& bindings) {
  if (bindings.header != nullptr && map.is_headers(*bindings.header)) return Value();
  for (std::size_t i = 0; i < map.size(); ++i) {
    const Value values = map.value_at(i);
    bool strings = map.key_at(i).is(Kind::string) && values.is(Kind::list);
    for (std::size_t k = 0; strings && k < values.size(); ++k) strings = values.at(k).is(Kind::string);
    if (!strings) return Value::error("failed to convert to http.Header: its values are no lists of strings");
  }
  return Value();
}

// The first value of a header, or an empty string.
Value first_value(Evaluation& evaluation, const Value& map, const Value& name) {
  evaluation.charge(16 * map.size());
  Value problem = not_a_header(map, evaluation.bindings());
  if (problem.is_error()) return problem;
  const CanonicalName canonical(name.text());
  Value values;
  if (!map.find(canonical.text(), values) || values.size() == 0) return Value::borrowed("");
  return values.at(0);
}

}  // namespace

Value header_match(Evaluation& evaluation, const Value* args) {
  const Value value = first_value(evaluation, args[0], args[1]);
  return value.is_error() ? value : Value::boolean(value.text() == args[2].text());
}

Value header_canonical(Evaluation& evaluation, const Value* args) { return first_value(evaluation, args[0], args[1]); }

// Counts bytes, not characters: may cut a character in two.
Value truncate(Evaluation& evaluation, const Value* args) {
  const std::int64_t size = args[1].as_int64();
  if (size < 0) return Value::error("internal error: runtime error: slice bounds out of range [:" + std::to_string(size) + "]");
  if (static_cast<std::uint64_t>(size) >= args[0].size()) return args[0];
  if (!evaluation.reserve(static_cast<std::size_t>(size))) return Value();
  return Value::string(std::string(args[0].text().substr(0, static_cast<std::size_t>(size))));
}

// text.compareSecret(key, secret[, namespace]); Tekton ignores the namespace too.
Value compare_secret(Evaluation& evaluation, const Value* args) {
  const std::string_view key = args[1].text();
  const std::string_view name = args[2].text();
  const SecretLookup* lookup = evaluation.bindings().secret;
  if (lookup == nullptr || !*lookup) return Value::error("failed to find secret '" + std::string(name) + "' in compareSecret: there are no secrets here");
  const Result<std::string> secret = (*lookup)(name, key);
  if (!secret) return Value::error("failed to find secret '" + std::string(name) + "' in compareSecret: " + secret.error().what());
  const std::string_view text = args[0].text();
  return Value::boolean(secret->size() == text.size() && CRYPTO_memcmp(secret->data(), text.data(), text.size()) == 0);
}

Value parse_json(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(8 * args[0].size())) return Value();
  evaluation.charge(64 * args[0].size());
  Result<rapidjson::Document> parsed = parse_json_object(args[0].text());
  if (!parsed) return Value::error("failed to decode in parseJSON: " + parsed.error().text());
  return Value::json(std::move(*parsed));
}

Value parse_yaml(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(32 * args[0].size())) return Value();
  evaluation.charge(1024 * args[0].size());
  Result<Value> parsed = cel::parse_yaml(args[0].text());
  if (!parsed) return Value::error("failed to decode in parseYAML: " + parsed.error().what());
  return std::move(*parsed);
}

namespace {

Value text(std::string value) { return Value::string(std::move(value)); }

Value query_strings(const Url& url) {
  std::vector<MapEntry> entries;
  for (const auto& [key, values] : url.query) {
    std::vector<Value> items;
    for (const std::string& value : values) items.push_back(text(value));
    entries.emplace_back(text(key), Value::list(std::move(items)));
  }
  return Value::map(std::move(entries));
}

Value query_joined(const Url& url) {
  std::vector<MapEntry> entries;
  for (const auto& [key, values] : url.query) {
    std::string joined;
    for (std::size_t i = 0; i < values.size(); ++i) joined += (i == 0 ? "" : ",") + values[i];
    entries.emplace_back(text(key), text(std::move(joined)));
  }
  return Value::map(std::move(entries));
}

}  // namespace

Value parse_url(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(16 * args[0].size())) return Value();
  evaluation.charge(64 * args[0].size());
  const Result<Url> url = cel::parse_url(args[0].text());
  if (!url) return Value::error("failed to decode '" + std::string(args[0].text()) + "' in parseURL: " + url.error().what());
  std::vector<MapEntry> entries;
  const auto put = [&](std::string_view key, Value value) { entries.emplace_back(Value::borrowed(key), std::move(value)); };
  put("scheme", text(url->scheme));
  put("host", text(url->host));
  put("path", text(url->path));
  put("rawQuery", text(url->raw_query));
  put("fragment", text(url->fragment));
  put("queryStrings", query_strings(*url));
  put("query", query_joined(*url));
  if (url->user) {
    std::vector<MapEntry> auth;
    auth.emplace_back(Value::borrowed("username"), text(url->user->first));
    auth.emplace_back(Value::borrowed("password"), text(url->user->second));
    put("auth", Value::map(std::move(auth)));
  }
  return Value::map(std::move(entries));
}

Value marshal_json(Evaluation& evaluation, const Value* args) {
  Result<std::string> made = proto_json(args[0]);
  if (!made) return Value::error("failed to convert to native: " + made.error().what());
  if (!evaluation.reserve(made->size())) return Value();
  evaluation.charge(16 * made->size());
  return Value::string(std::move(*made));
}

}  // namespace slipway::cel::functions
