#include "trigger/verify.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "base/hmac_keys.hpp"
#include "base/text.hpp"
#include "io/url.hpp"

namespace slipway::trigger {
namespace {

constexpr std::string_view hub_prefix = "sha256=";

bool is_form(const Headers& headers) {
  return has_media_type(headers.first("Content-Type"), form_type);
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

std::optional<ClaimedDelivery> ClaimedDelivery::of(RawDelivery raw) {
  if (is_form(raw.headers)) {
    auto payload = form_payload(raw.body);
    if (!payload) return std::nullopt;
    raw.body = std::move(*payload);
  }
  return ClaimedDelivery(std::move(raw));
}

ClaimedDelivery::ClaimedDelivery(RawDelivery raw) : raw_(std::move(raw)) {
  for (const auto& [name, value] : raw_.headers) {
    if (name == "X-Gitea-Signature") {
      claim(value);
    } else if (name == "X-Hub-Signature-256" && !value.empty()) {
      well_formed_ = well_formed_ && value.starts_with(hub_prefix);
      if (value.starts_with(hub_prefix)) claim(value.substr(hub_prefix.size()));
    }
  }
}

void ClaimedDelivery::claim(std::string_view hex) {
  if (hex.empty()) return;
  if (!from_hex(hex, claims_.emplace_back())) well_formed_ = false;
}

std::optional<SignedDelivery> ClaimedDelivery::proven_by(std::span<const Sha256Digest> macs) && {
  unsigned all = well_formed_ && !claims_.empty();
  for (const Sha256Digest& claim : claims_) {
    unsigned valid = 0;  // every claim is compared with every mac regardless of the outcome, so that timing reveals nothing
    for (const Sha256Digest& mac : macs) valid |= static_cast<unsigned>(equal_in_constant_time(mac, claim));
    all &= valid;
  }
  if (all == 0) return std::nullopt;
  return SignedDelivery(std::move(raw_), sha256(claims_.front()));
}

std::optional<SignedDelivery> verify(RawDelivery raw, std::span<const std::string> secrets) {
  auto claimed = ClaimedDelivery::of(std::move(raw));
  if (!claimed) return std::nullopt;
  const std::string_view message = claimed->message();
  return std::move(*claimed).proven_by(HmacKeys(secrets).sign({&message, 1}));
}

RawDelivery sign(RawDelivery raw, const std::string& secret) {
  const auto payload = is_form(raw.headers) ? form_payload(raw.body) : std::optional<std::string>();
  raw.headers.erase("X-Gitea-Signature");
  raw.headers.erase("X-Hub-Signature-256");
  if (is_form(raw.headers) && !payload) return raw;
  const auto hex = to_hex(HmacSha256(secret).sign(payload ? *payload : raw.body));
  raw.headers.add("X-Gitea-Signature", hex);
  raw.headers.add("X-Hub-Signature-256", std::string(hub_prefix) + hex);
  return raw;
}

}  // namespace slipway::trigger
