#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hmac.hpp"
#include "model/delivery.hpp"

namespace slipway::trigger {

/// A delivery whose signature was valid. Only `verify` makes one, and `parse` takes nothing else, so that nothing
/// unsigned can ever be parsed.
class SignedDelivery {
 public:
  /// As received, but for a `form` hook, whose `body` is now the decoded `payload`: the JSON text that the signature
  /// covers.
  const RawDelivery& raw() const noexcept { return raw_; }
  RawDelivery take() && { return std::move(raw_); }
  /// 64 hex digits that only the same bytes have: a hash of their HMAC, so that the body is not gone through a second
  /// time. (The HMAC itself is a signature and is shown to nobody.) Under another secret the same bytes have another
  /// one.
  const std::string& fingerprint() const noexcept { return fingerprint_; }

 private:
  SignedDelivery(RawDelivery raw, std::string fingerprint)
      : raw_(std::move(raw)), fingerprint_(std::move(fingerprint)) {}
  friend std::optional<SignedDelivery> verify(RawDelivery raw, std::span<HmacSha256> keys);
  RawDelivery raw_;
  std::string fingerprint_;
};

/// HMAC-SHA256 of the raw body bytes against `X-Gitea-Signature` (hex) and `X-Hub-Signature-256` (`sha256=` and hex;
/// hex of either case). One of them suffices, every non-empty one present must be valid, also where a header is
/// repeated; empty is unsigned. Any of `secrets` may have made it; an empty secret makes nothing. For content type
/// `application/x-www-form-urlencoded` the signature is over the `payload` field, decoded, and no other field is
/// decoded. Nothing for missing and wrong alike, in a time that depends on the body's size and the number of secrets
/// only.
std::optional<SignedDelivery> verify(RawDelivery raw, std::span<const std::string> secrets);
/// The keys of secrets, to verify more than one delivery with; none of an empty secret.
std::vector<HmacSha256> hmac_keys(std::span<const std::string> secrets);
std::optional<SignedDelivery> verify(RawDelivery raw, std::span<HmacSha256> keys);

/// Signs as Gitea does, in place of the signatures that are there: for what is sent again, and for what a person hands
/// to the command line. A `form` body without a readable `payload` is left unsigned.
RawDelivery sign(RawDelivery raw, const std::string& secret);

inline constexpr std::string_view json_type = "application/json", form_type = "application/x-www-form-urlencoded";
/// True where a Content-Type, whatever its case and parameters, is this one.
bool has_media_type(std::string_view content_type, std::string_view wanted);

/// The `payload` field of a form, decoded; nothing where there is none or its escapes are broken. No other field is
/// decoded.
std::optional<std::string> form_payload(std::string_view body);

}  // namespace slipway::trigger
