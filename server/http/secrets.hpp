#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/hmac_keys.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "io/secret_file.hpp"

namespace slipway::http {

/// A snapshot of the webhook's HMAC keys.
struct Keys {
  explicit Keys(std::vector<std::string> texts) : secrets(std::move(texts)), ready(secrets) {}
  const std::vector<std::string> secrets;  ///< for any thread
  HmacKeys ready;                          ///< for the examiner's thread only
};

/// The webhook's HMAC keys, all valid at once, so that keys can be rotated without losing a delivery. Rereads changed files,
/// checking at most twice a second. Used on the loop.
class Secrets {
 public:
  /// An error for the first file that cannot be read.
  static Result<Secrets> open(const std::vector<std::filesystem::path>& files, Log log);
  /// The current keys, after rereading changed files. A file that cannot be read keeps its previous key.
  std::shared_ptr<Keys> current();

 private:
  explicit Secrets(Log log) : log_(std::move(log)) {}
  void collect();

  Log log_;
  std::vector<io::SecretFile> files_;
  std::shared_ptr<Keys> keys_;
  std::chrono::steady_clock::time_point looked_{};
};

}  // namespace slipway::http
