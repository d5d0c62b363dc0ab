#pragma once

#include <boost/container/small_vector.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/hmac.hpp"
#include "model/delivery.hpp"

namespace slipway::trigger {

/// A delivery whose signature was valid. Only ClaimedDelivery makes one, and `parse` takes nothing else, so that
/// nothing unsigned can ever be parsed.
class SignedDelivery {
 public:
  /// As received, but for a `form` hook, whose `body` is now the decoded `payload`: the JSON text that the signature
  /// covers.
  const RawDelivery& raw() const noexcept { return raw_; }
  RawDelivery take() && { return std::move(raw_); }
  /// What only the same bytes have: the SHA-256 of their HMAC, so that the body is not gone through a second time. (The
  /// HMAC itself is a signature and is shown to nobody.) Under another secret the same bytes have another one.
  const Fingerprint& fingerprint() const noexcept { return fingerprint_; }

 private:
  SignedDelivery(RawDelivery raw, const Fingerprint& fingerprint) : raw_(std::move(raw)), fingerprint_(fingerprint) {}
  friend class ClaimedDelivery;
  RawDelivery raw_;
  Fingerprint fingerprint_;
};

/// A delivery with the HMACs that its headers claim for it: `X-Gitea-Signature` (hex) and `X-Hub-Signature-256`
/// (`sha256=` and hex; hex of either case). One of them suffices, every non-empty one present must be valid, also where
/// a header is repeated; empty is unsigned.
class ClaimedDelivery {
 public:
  /// Nothing for a `form` without a readable `payload`.
  static std::optional<ClaimedDelivery> of(RawDelivery raw);

  /// What the signatures cover: the raw body bytes; for content type `application/x-www-form-urlencoded` its `payload`
  /// field, decoded, and no other field is decoded. Good while this object is neither moved nor taken from.
  std::string_view message() const noexcept { return raw_.body; }
  /// `macs`: the message's HMAC-SHA256 with each valid key. Nothing for missing and wrong alike, in a time that depends
  /// on the number of claims and keys only.
  std::optional<SignedDelivery> proven_by(std::span<const Sha256Digest> macs) &&;

 private:
  explicit ClaimedDelivery(RawDelivery raw);
  void claim(std::string_view hex);

  RawDelivery raw_;
  boost::container::small_vector<Sha256Digest, 2> claims_;
  bool well_formed_ = true;  ///< no header holds anything else
};

/// Both steps at once: HMAC-SHA256 with any of the secrets; an empty one makes nothing.
std::optional<SignedDelivery> verify(RawDelivery raw, std::span<const std::string> secrets);

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
