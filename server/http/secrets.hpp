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

/// The webhook's HMAC keys of one moment.
struct Keys {
  explicit Keys(std::vector<std::string> texts) : secrets(std::move(texts)), ready(secrets) {}
  const std::vector<std::string> secrets;  ///< for any thread
  HmacKeys ready;                          ///< on the examiner's thread
};

/// The webhook's HMAC keys, all valid at once, so that one can be exchanged for another without losing a delivery. Files that
/// changed are read again, looked at twice a second at most.
class Secrets {
 public:
  /// An error for the first file that can not be read.
  static Result<Secrets> open(const std::vector<std::filesystem::path>& files, Log log);
  /// The keys of this moment.
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
