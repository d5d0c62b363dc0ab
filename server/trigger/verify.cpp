#include "trigger/verify.hpp"

#include <vector>

#include "base/hex.hpp"
#include "base/hmac.hpp"

namespace slipway::trigger {
namespace {

constexpr std::string_view hub_prefix = "sha256=";

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) noexcept {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (lower(text[i]) != prefix[i]) return false;
  }
  return true;
}

bool is_form(const Headers& headers) {
  constexpr std::string_view form = "application/x-www-form-urlencoded";
  const auto field = headers.find("Content-Type");
  if (field == headers.end() || field->second.empty()) return false;
  const std::string_view type = field->second.front();
  return starts_with_ignoring_case(type, form) &&
         (type.size() == form.size() || type[form.size()] == ';' || type[form.size()] == ' ');
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    plain.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return plain;
}

/// The claimed HMACs, hex in lower case; `well_formed` is false where a header holds anything else.
struct Claims {
  std::vector<std::string> macs;
  bool well_formed = true;

  void add(std::string_view hex) {
    if (hex.empty()) return;
    macs.emplace_back(hex);
    for (char& c : macs.back()) c = lower(c);
  }
};

Claims claims_of(const Headers& headers) {
  Claims claims;
  if (const auto gitea = headers.find("X-Gitea-Signature"); gitea != headers.end()) {
    for (const auto& value : gitea->second) claims.add(value);
  }
  if (const auto hub = headers.find("X-Hub-Signature-256"); hub != headers.end()) {
    for (const std::string_view value : hub->second) {
      if (value.empty()) continue;
      claims.well_formed = claims.well_formed && value.starts_with(hub_prefix);
      if (value.starts_with(hub_prefix)) claims.add(value.substr(hub_prefix.size()));
    }
  }
  return claims;
}

/// The HMAC that made the first claim, if every claim is valid; empty if not. Compares every claim with the HMAC of
/// every secret, whatever the outcome, so that the time tells nothing.
std::string proven_mac(const Claims& claims, std::string_view message, std::span<const std::string> secrets) {
  std::vector<unsigned> valid(claims.macs.size(), 0);
  for (const auto& secret : secrets) {
    if (secret.empty()) continue;
    const auto mac = HmacSha256(secret).sign(message);
    const auto hex = to_hex(mac);
    for (std::size_t i = 0; i < valid.size(); ++i)
      valid[i] |= static_cast<unsigned>(equal_in_constant_time(hex, claims.macs[i]));
  }
  unsigned all = claims.well_formed && !claims.macs.empty();
  for (const unsigned one : valid) all &= one;
  return all != 0 ? claims.macs.front() : std::string();
}

}  // namespace

std::optional<std::string> form_payload(std::string_view body) {
  constexpr std::string_view field = "payload=";
  for (std::size_t start = 0; start <= body.size();) {
    const auto end = std::min(body.find('&', start), body.size());
    const auto pair = body.substr(start, end - start);
    if (pair.starts_with(field)) return decode(pair.substr(field.size()));
    start = end + 1;
  }
  return std::nullopt;
}

std::optional<SignedDelivery> verify(RawDelivery raw, std::span<const std::string> secrets) {
  const Claims claims = claims_of(raw.headers);
  if (is_form(raw.headers)) {
    auto payload = form_payload(raw.body);
    if (!payload) return std::nullopt;
    raw.body = std::move(*payload);
  }
  const std::string mac = proven_mac(claims, raw.body, secrets);
  if (mac.empty()) return std::nullopt;
  return SignedDelivery(std::move(raw), sha256_hex(mac));
}

RawDelivery sign(RawDelivery raw, const std::string& secret) {
  const auto payload = is_form(raw.headers) ? form_payload(raw.body) : std::optional<std::string>();
  raw.headers.erase("X-Gitea-Signature");
  raw.headers.erase("X-Hub-Signature-256");
  if (is_form(raw.headers) && !payload) return raw;
  const auto hex = to_hex(HmacSha256(secret).sign(payload ? *payload : raw.body));
  raw.headers["X-Gitea-Signature"] = {hex};
  raw.headers["X-Hub-Signature-256"] = {std::string(hub_prefix) + hex};
  return raw;
}

}  // namespace slipway::trigger
