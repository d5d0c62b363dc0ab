#include "io/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/hex.hpp"
#include "base/text.hpp"

namespace slipway::io {

namespace {

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_unprintable(char c) noexcept { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

std::string after_credentials(std::string_view text) {
  const auto at = text.rfind('@');
  return printable(at == std::string_view::npos ? text : text.substr(at + 1));
}

// Splits `host`, `host:port`, `[v6]`, `[v6]:port`.
bool split_authority(std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return false;
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (url.host.empty()) return false;
  if (port.empty()) return true;
  if (!port.starts_with(':')) return false;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  return error == std::errc() && end == port.data() + port.size() && url.port != 0;
}

}  // namespace

bool is_host(std::string_view text) noexcept {
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const auto port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return false;
    text = text.substr(0, colon);
  }
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
  return !text.empty() && text.front() != '-' && text.front() != '.' && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

Result<Url> parse_url(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return Error(fmt::format("\"{}\" is no address that can be used: {}", after_credentials(text), why));
  };
  Url url;
  std::string_view rest = text.substr(0, text.find('#'));
  if (std::any_of(rest.begin(), rest.end(), is_unprintable)) return refuse("it has a space or control character");
  if (rest.starts_with("https://")) {
    url.tls = true;
    url.port = 443;
  } else if (!rest.starts_with("http://")) {
    return refuse("it begins with neither http:// nor https://");
  }
  rest.remove_prefix(url.tls ? 8 : 7);
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) return refuse("credentials belong in a file, not in an address");
  if (!split_authority(authority, url)) return refuse("its host or port is not right");
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string percent_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const bool whole = i + 3 <= text.size();
      const int high = whole ? hex_value(text[i + 1]) : -1, low = whole ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace slipway::io
