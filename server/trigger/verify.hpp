#pragma once

#include <boost/container/small_vector.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/hmac.hpp"
#include "model/delivery.hpp"

namespace slipway::trigger {

/// A delivery whose signature was valid. Only ClaimedDelivery creates one and parse() accepts nothing else, so unsigned
/// data can never be parsed.
class SignedDelivery {
 public:
  /// As received, except for a `form` hook, whose `body` is now the decoded `payload`: the JSON text that the signature covers.
  const RawDelivery& raw() const noexcept { return raw_; }
  RawDelivery take() && { return std::move(raw_); }
  /// Equal only for equal bytes under the same secret: the SHA-256 of their HMAC, which saves hashing the body a second
  /// time. (The HMAC itself is a signature and is not disclosed.)
  const Fingerprint& fingerprint() const noexcept { return fingerprint_; }

 private:
  SignedDelivery(RawDelivery raw, const Fingerprint& fingerprint) : raw_(std::move(raw)), fingerprint_(fingerprint) {}
  friend class ClaimedDelivery;
  RawDelivery raw_;
  Fingerprint fingerprint_;
};

/// A delivery with the HMACs that its headers claim: `X-Gitea-Signature` (hex) and `X-Hub-Signature-256` (`sha256=` and
/// hex; hex digits of either case). One suffices, but every non-empty one must be valid, including repeated headers; an
/// empty one counts as unsigned.
class ClaimedDelivery {
 public:
  /// Nullopt for a `form` without a readable `payload`.
  static std::optional<ClaimedDelivery> of(RawDelivery raw);

  /// What the signatures cover: the raw body bytes; for content type `application/x-www-form-urlencoded` the decoded
  /// `payload` field (no other field is decoded). Valid until this object is moved or consumed.
  std::string_view message() const noexcept { return raw_.body; }
  /// `macs`: the message's HMAC-SHA256 with each valid key. Nullopt for missing and wrong signatures alike, in time
  /// that depends only on the number of claims and keys.
  std::optional<SignedDelivery> proven_by(std::span<const Sha256Digest> macs) &&;

 private:
  explicit ClaimedDelivery(RawDelivery raw);
  void claim(std::string_view hex);

  RawDelivery raw_;
  boost::container::small_vector<Sha256Digest, 2> claims_;
  bool well_formed_ = true;  ///< false if a signature header is not of the expected form
};

/// Both steps at once: HMAC-SHA256 with each of the secrets; empty secrets are ignored.
std::optional<SignedDelivery> verify(RawDelivery raw, std::span<const std::string> secrets);

/// Signs as Gitea does, replacing existing signatures: for replays and for deliveries given on the command line. A
/// `form` body without a readable `payload` is left unsigned.
RawDelivery sign(RawDelivery raw, const std::string& secret);

inline constexpr std::string_view json_type = "application/json", form_type = "application/x-www-form-urlencoded";
/// True if a Content-Type is this media type, ignoring case and parameters.
bool has_media_type(std::string_view content_type, std::string_view wanted);

/// The decoded `payload` field of a form; nullopt if it is missing or has broken escapes. No other field is decoded.
std::optional<std::string> form_payload(std::string_view body);

}  // namespace slipway::trigger
