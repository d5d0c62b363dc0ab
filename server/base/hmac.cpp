#include "base/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "base/hex.hpp"

namespace slipway {

namespace {

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

const unsigned char* data_of(std::string_view text) noexcept {
  // EVP_MAC_init takes a null key, even one of length 0, to mean "keep the previous key".
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}

// Fetched once: OpenSSL 3 takes longer to find an algorithm than to sign a short message with it.
EVP_MAC* hmac_algorithm() {
  static const std::unique_ptr<EVP_MAC, void (*)(EVP_MAC*)> algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
  require(algorithm != nullptr, "EVP_MAC_fetch");
  return algorithm.get();
}

EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, void (*)(EVP_MD*)> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free);
  require(algorithm != nullptr, "EVP_MD_fetch");
  return algorithm.get();
}

}  // namespace

void HmacSha256::Free::operator()(evp_mac_ctx_st* context) const noexcept { EVP_MAC_CTX_free(context); }

HmacSha256::HmacSha256(std::string_view key) {
  context_.reset(EVP_MAC_CTX_new(hmac_algorithm()));
  require(context_ != nullptr, "EVP_MAC_CTX_new");
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  require(EVP_MAC_init(context_.get(), data_of(key), key.size(), parameters) == 1, "EVP_MAC_init");
}

Sha256Digest HmacSha256::sign(std::string_view message) {
  Sha256Digest digest;
  std::size_t length = 0;
  require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1, "EVP_MAC_init");
  require(EVP_MAC_update(context_.get(), data_of(message), message.size()) == 1, "EVP_MAC_update");
  require(EVP_MAC_final(context_.get(), digest.data(), &length, digest.size()) == 1, "EVP_MAC_final");
  return digest;
}

Sha256Digest sha256(std::string_view message) {
  // One context per thread: creating one takes longer than hashing a short message.
  thread_local const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  require(context != nullptr, "EVP_MD_CTX_new");
  Sha256Digest digest;
  require(EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1, "EVP_DigestInit_ex2");
  require(EVP_DigestUpdate(context.get(), message.data(), message.size()) == 1, "EVP_DigestUpdate");
  require(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1, "EVP_DigestFinal_ex");
  return digest;
}

Sha256Digest sha256(std::span<const std::uint8_t> message) {
  return sha256(std::string_view(reinterpret_cast<const char*>(message.data()), message.size()));
}

std::string sha256_hex(std::string_view message) { return to_hex(sha256(message)); }

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool equal_in_constant_time(const Sha256Digest& a, const Sha256Digest& b) noexcept {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_hex(std::size_t bytes) {
  std::string buffer(bytes, '\0');
  require(RAND_bytes(reinterpret_cast<unsigned char*>(buffer.data()), static_cast<int>(bytes)) == 1, "RAND_bytes");
  return to_hex(buffer);
}

}  // namespace slipway
