#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hmac.hpp"

namespace slipway {

/// HMAC-SHA256 of messages with each of several keys. If libipsec-mb is available and a batch is large enough to pay
/// off, its messages are hashed side by side, one per lane of the vector registers: sixteen in the time of two with
/// AVX-512. The digests equal those of HmacSha256. Not thread-safe.
class HmacKeys {
 public:
  /// Batch size at which signing is fastest.
  static constexpr std::size_t lanes = 16;
  /// Messages longer than this (bytes) are better signed one by one: the other lanes would idle meanwhile.
  static constexpr std::size_t longest_together = 64 * 1024;

  /// Empty secrets are skipped.
  explicit HmacKeys(std::span<const std::string> secrets);
  HmacKeys(const HmacKeys&) = delete;
  HmacKeys& operator=(const HmacKeys&) = delete;
  ~HmacKeys();

  std::size_t size() const noexcept { return keys_.size(); }
  /// The digest of message m with key k is at index m * size() + k.
  std::vector<Sha256Digest> sign(std::span<const std::string_view> messages);

 private:
  class Lanes;
  Lanes* lanes_for(std::span<const std::string_view> messages);

  std::vector<std::string> secrets_;
  std::vector<HmacSha256> keys_;  ///< one per secret
  std::unique_ptr<Lanes> together_;  ///< created on first use
};

}  // namespace slipway
