#include "trigger/verify.hpp"

#include <algorithm>
#include <vector>

#include "base/hex.hpp"
#include "base/hmac.hpp"
#include "base/text.hpp"
#include "io/url.hpp"

namespace slipway::trigger {
namespace {

constexpr std::string_view hub_prefix = "sha256=";

bool is_form(const Headers& headers) {
  const auto field = headers.find("Content-Type");
  return field != headers.end() && !field->second.empty() && has_media_type(field->second.front(), form_type);
}

/// The claimed HMACs; `well_formed` is false where a header holds anything else.
struct Claims {
  std::vector<std::string> macs;
  bool well_formed = true;

  void add(std::string_view hex) {
    if (hex.empty()) return;
    const auto mac = from_hex(hex);
    well_formed = well_formed && mac;
    macs.push_back(mac.value_or(""));
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

/// The HMAC that made the first claim, as hex digits, if every claim is valid; empty if not. Compares every claim with the
/// HMAC of every key, whatever the outcome, so that the time tells nothing.
std::string proven_mac(const Claims& claims, std::string_view message, std::span<HmacSha256> keys) {
  std::vector<unsigned> valid(claims.macs.size(), 0);
  for (HmacSha256& key : keys) {
    const auto digest = key.sign(message);
    const std::string_view mac(reinterpret_cast<const char*>(digest.data()), digest.size());
    for (std::size_t i = 0; i < valid.size(); ++i)
      valid[i] |= static_cast<unsigned>(equal_in_constant_time(mac, claims.macs[i]));
  }
  unsigned all = claims.well_formed && !claims.macs.empty();
  for (const unsigned one : valid) all &= one;
  return all != 0 ? to_hex(claims.macs.front()) : std::string();
}

}  // namespace

bool has_media_type(std::string_view content_type, std::string_view wanted) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return equal_ignoring_case(type, wanted);
}

std::optional<std::string> form_payload(std::string_view body) {
  constexpr std::string_view field = "payload=";
  for (std::size_t start = 0; start <= body.size();) {
    const auto end = std::min(body.find('&', start), body.size());
    const auto pair = body.substr(start, end - start);
    if (pair.starts_with(field)) return io::percent_decode(pair.substr(field.size()), true);
    start = end + 1;
  }
  return std::nullopt;
}

std::optional<SignedDelivery> verify(RawDelivery raw, std::span<const std::string> secrets) {
  auto keys = hmac_keys(secrets);
  return verify(std::move(raw), keys);
}

std::vector<HmacSha256> hmac_keys(std::span<const std::string> secrets) {
  std::vector<HmacSha256> keys;
  for (const auto& secret : secrets) {
    if (!secret.empty()) keys.emplace_back(secret);
  }
  return keys;
}

std::optional<SignedDelivery> verify(RawDelivery raw, std::span<HmacSha256> keys) {
  const Claims claims = claims_of(raw.headers);
  if (is_form(raw.headers)) {
    auto payload = form_payload(raw.body);
    if (!payload) return std::nullopt;
    raw.body = std::move(*payload);
  }
  const std::string mac = proven_mac(claims, raw.body, keys);
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
