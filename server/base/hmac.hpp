#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;

namespace slipway {

using Sha256Digest = std::array<std::uint8_t, 32>;

/// HMAC-SHA256 (RFC 2104) with one key. The key schedule is kept, so signing allocates nothing. Not thread-safe.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  Sha256Digest sign(std::string_view message);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

Sha256Digest sha256(std::string_view message);
Sha256Digest sha256(std::span<const std::uint8_t> message);
/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view message);

/// Takes time that depends on the lengths only; texts of different length are unequal.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;
bool equal_in_constant_time(const Sha256Digest& a, const Sha256Digest& b) noexcept;

/// `bytes` random bytes from the system, as hex digits, for tokens and ids.
std::string random_hex(std::size_t bytes);

}  // namespace slipway
