#include "http/secrets.hpp"

namespace slipway::http {

Result<Secrets> Secrets::open(const std::vector<std::filesystem::path>& files, Log log) {
  Secrets secrets(std::move(log));
  for (const auto& file : files) {
    auto secret = io::SecretFile::open(file);
    if (!secret) return secret.error();
    secrets.files_.push_back(std::move(*secret));
  }
  secrets.collect();
  return secrets;
}

std::shared_ptr<Keys> Secrets::current() {
  constexpr std::chrono::milliseconds patience{500};
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < patience) return keys_;
  looked_ = now;
  bool changed = false;
  for (auto& file : files_) {
    const bool was_well = file.trouble().empty();
    const bool another = file.refresh();
    if (was_well && !file.trouble().empty()) log_.warn("a webhook secret cannot be read; the one before stays valid", {{"error", file.trouble()}});
    if (!another) continue;
    log_.info("a webhook secret was read again", {{"file", file.file().string()}});
    changed = true;
  }
  if (changed) collect();
  return keys_;
}

void Secrets::collect() {
  std::vector<std::string> keys;
  for (const auto& file : files_) keys.push_back(file.value());
  keys_ = std::make_shared<Keys>(std::move(keys));
}

}  // namespace slipway::http
