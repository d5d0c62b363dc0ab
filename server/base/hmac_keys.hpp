#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hmac.hpp"

namespace slipway {

/// HMAC-SHA256 of messages with each of several keys. Messages that are there at the same time are hashed side by side, one in each lane
/// of the processor's vector registers, where libipsec-mb is there and they are enough to pay: sixteen in the time of two with
/// AVX-512. The digests are those of HmacSha256. One thread at a time.
class HmacKeys {
 public:
  /// So many messages at once are signed fastest.
  static constexpr std::size_t lanes = 16;
  /// Longer messages (bytes) are better signed alone: the others' lanes would run empty meanwhile.
  static constexpr std::size_t longest_together = 64 * 1024;

  /// An empty secret makes no key.
  explicit HmacKeys(std::span<const std::string> secrets);
  HmacKeys(const HmacKeys&) = delete;
  HmacKeys& operator=(const HmacKeys&) = delete;
  ~HmacKeys();

  std::size_t size() const noexcept { return keys_.size(); }
  /// The digest of message m with key k stands at m * size() + k.
  std::vector<Sha256Digest> sign(std::span<const std::string_view> messages);

 private:
  class Lanes;
  Lanes* lanes_for(std::span<const std::string_view> messages);

  std::vector<std::string> secrets_;
  std::vector<HmacSha256> keys_;  ///< one a secret
  std::unique_ptr<Lanes> together_;  ///< made when they are first wanted
};

}  // namespace slipway
