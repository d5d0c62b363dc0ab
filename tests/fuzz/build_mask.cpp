// A secret never shows, however the text is cut: the first line is the secret, the second says where, the rest is the text.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "build/secrets.hpp"

using slipway::build::Mask;
using slipway::build::Secrets;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto first = input.find('\n');
  const auto second = first == std::string::npos ? first : input.find('\n', first + 1);
  if (second == std::string::npos) return 0;
  const std::string secret = input.substr(0, first), text = input.substr(second + 1);
  Secrets secrets;
  secrets.hide(secret);
  const std::string whole = secrets.masked(text);

  const std::size_t step = 1 + (second > first + 1 ? static_cast<unsigned char>(input[first + 1]) % 7 : 0);
  Mask mask(secrets);
  std::string pieces;
  for (std::size_t at = 0; at < text.size(); at += step) pieces += mask.feed(text.substr(at, step));
  pieces += mask.finish();
  if (pieces != whole) std::abort();

  const auto begin = secret.find_first_not_of(" \t\r\n");
  const bool plain = begin == 0 && secret.find_last_not_of(" \t\r\n") + 1 == secret.size();
  // The stars themselves may spell a secret of stars.
  if (plain && secret.find('*') == std::string::npos && whole.find(secret) != std::string::npos) std::abort();
  return 0;
}
