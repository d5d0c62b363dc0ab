#include "base/hmac_keys.hpp"

#if defined(SLIPWAY_IPSEC_MB)
#include <intel-ipsec-mb.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#endif

namespace slipway {

#if defined(SLIPWAY_IPSEC_MB)

/// libipsec-mb's "synchronous hash burst", with the key schedules in the form it expects.
class HmacKeys::Lanes {
 public:
  static constexpr std::size_t fewest = 3;  ///< two messages take as long as hashing them one after the other

  explicit Lanes(std::span<const std::string> secrets) : manager_(alloc_mb_mgr(0)) {
    if (manager_ == nullptr) return;
    IMB_ARCH arch = IMB_ARCH_NONE;
    init_mb_mgr_auto(manager_.get(), &arch);
    wide_ = arch >= IMB_ARCH_AVX2;  // eight lanes; four lanes gain little
    for (const std::string& secret : secrets) schedules_.push_back(schedule(secret));
  }

  static bool pays_for(std::span<const std::string_view> messages) {
    const auto is_long = [](std::string_view message) { return message.size() > longest_together; };
    return messages.size() >= fewest && std::none_of(messages.begin(), messages.end(), is_long);
  }

  /// False if the processor or the library does not support it; `digests` is then unspecified.
  bool sign(std::span<const std::string_view> messages, std::span<Sha256Digest> digests) {
    if (!wide_) return false;
    for (std::size_t from = 0; from < messages.size(); from += lanes) {
      const auto some = messages.subspan(from, std::min(lanes, messages.size() - from));
      for (std::size_t key = 0; key < schedules_.size(); ++key) {
        if (!sign_with(key, some, digests.subspan(from * schedules_.size()))) return false;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t block_size = 64;
  using Block = std::array<std::uint8_t, block_size>;

  /// SHA-256 state after the key's padded block, inner and outer (RFC 2104).
  struct Schedule {
    alignas(16) std::array<std::uint8_t, 32> inner, outer;
  };
  struct Free {
    void operator()(IMB_MGR* manager) const noexcept { free_mb_mgr(manager); }
  };

  Schedule schedule(std::string_view secret) {
    Block key{};
    if (secret.size() > block_size) {
      const Sha256Digest digest = sha256(secret);
      std::copy(digest.begin(), digest.end(), key.begin());
    } else {
      std::memcpy(key.data(), secret.data(), secret.size());
    }
    Schedule made;
    one_block(key, 0x36, made.inner);
    one_block(key, 0x5c, made.outer);
    return made;
  }

  void one_block(Block key, std::uint8_t pad, std::array<std::uint8_t, 32>& state) {
    for (std::uint8_t& byte : key) byte ^= pad;
    IMB_SHA256_ONE_BLOCK(manager_.get(), key.data(), state.data());
  }

  bool sign_with(std::size_t key, std::span<const std::string_view> messages, std::span<Sha256Digest> digests) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      IMB_JOB& job = jobs_[i];
      job.src = reinterpret_cast<const std::uint8_t*>(messages[i].data());
      job.hash_start_src_offset_in_bytes = 0;
      job.msg_len_to_hash_in_bytes = messages[i].size();
      job.auth_tag_output = digests[i * schedules_.size() + key].data();
      job.auth_tag_output_len_in_bytes = sizeof(Sha256Digest);
      job.u.HMAC._hashed_auth_key_xor_ipad = schedules_[key].inner.data();
      job.u.HMAC._hashed_auth_key_xor_opad = schedules_[key].outer.data();
    }
    const auto count = static_cast<std::uint32_t>(messages.size());
    return IMB_SUBMIT_HASH_BURST(manager_.get(), jobs_.data(), count, IMB_AUTH_HMAC_SHA_256) == count;
  }

  std::unique_ptr<IMB_MGR, Free> manager_;
  bool wide_ = false;
  std::vector<Schedule> schedules_;
  std::array<IMB_JOB, lanes> jobs_{};
};

#else

/// Stub for builds without libipsec-mb.
class HmacKeys::Lanes {
 public:
  explicit Lanes(std::span<const std::string>) {}
  static bool pays_for(std::span<const std::string_view>) { return false; }
  bool sign(std::span<const std::string_view>, std::span<Sha256Digest>) { return false; }
};

#endif

HmacKeys::HmacKeys(std::span<const std::string> secrets) {
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    secrets_.push_back(secret);
    keys_.emplace_back(secret);
  }
}

HmacKeys::~HmacKeys() = default;

std::vector<Sha256Digest> HmacKeys::sign(std::span<const std::string_view> messages) {
  std::vector<Sha256Digest> digests(messages.size() * size());
  if (Lanes* const wide = lanes_for(messages); wide != nullptr && wide->sign(messages, digests)) return digests;
  for (std::size_t m = 0; m < messages.size(); ++m) {
    for (std::size_t k = 0; k < size(); ++k) digests[m * size() + k] = keys_[k].sign(messages[m]);
  }
  return digests;
}

HmacKeys::Lanes* HmacKeys::lanes_for(std::span<const std::string_view> messages) {
  if (!Lanes::pays_for(messages)) return nullptr;
  if (together_ == nullptr) together_ = std::make_unique<Lanes>(secrets_);
  return together_.get();
}

}  // namespace slipway
