#include "cel/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <unordered_map>

namespace slipway::cel {

namespace {

enum class Part { host, zone, path, user, query, fragment };

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool may_stand_in_host(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view("!$&'()*+,;=:[]<>\"-_.~").find(c) != std::string_view::npos;
}

// Go's url.unescape for the given part of a URL.
Result<std::string> unescape(std::string_view text, Part part) {
  std::string made;
  const bool in_host = part == Part::host || part == Part::zone;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c != '%') {
      if (in_host && static_cast<unsigned char>(c) < 0x80 && !may_stand_in_host(c)) {
        return Error(std::string("invalid character \"") + c + "\" in host name");
      }
      made += c == '+' && part == Part::query ? ' ' : c;
      continue;
    }
    const std::string_view escape = text.substr(at, 3);
    const int high = escape.size() == 3 ? hex_value(escape[1]) : -1;
    const int low = escape.size() == 3 ? hex_value(escape[2]) : -1;
    const Error invalid("invalid URL escape \"" + std::string(escape) + "\"");
    if (high < 0 || low < 0) return invalid;
    const char value = static_cast<char>(high * 16 + low);
    if (part == Part::host && high < 8 && escape != "%25") return invalid;
    if (part == Part::zone && escape != "%25" && value != ' ' && !may_stand_in_host(value)) return invalid;
    made += value;
    at += 2;
  }
  return made;
}

Result<std::pair<std::string_view, std::string_view>> split_scheme(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_alpha(c)) continue;
    if (c == ':') {
      if (at == 0) return Error("missing protocol scheme");
      return std::pair(text.substr(0, at), text.substr(at + 1));
    }
    const bool inner = is_digit(c) || c == '+' || c == '-' || c == '.';
    if (!inner || at == 0) break;
  }
  return std::pair(std::string_view(), text);
}

bool is_port(std::string_view text) {
  if (text.empty()) return true;
  return text.front() == ':' && std::all_of(text.begin() + 1, text.end(), is_digit);
}

// Go's netip.ParseAddr for the contents of brackets: an IPv6 address with or without a zone.
bool is_ipv6(const std::string& text) {
  const std::size_t zone = text.find('%');
  in6_addr address{};
  return (zone == std::string::npos || zone + 1 < text.size()) && ::inet_pton(AF_INET6, text.substr(0, zone).c_str(), &address) == 1;
}

Result<std::string> in_brackets(std::string host) {
  const std::size_t close = host.rfind(']');
  if (!is_ipv6(host.substr(1, close - 1))) return Error("invalid host: " + host);
  return host;
}

Result<std::string> parse_host(std::string_view host) {
  if (const std::size_t open = host.rfind('['); open != std::string_view::npos && open > 0) return Error("invalid IP-literal");
  if (host.starts_with('[')) {
    const std::size_t close = host.rfind(']');
    if (close == std::string_view::npos) return Error("missing ']' in host");
    if (!is_port(host.substr(close + 1))) return Error("invalid port \"" + std::string(host.substr(close + 1)) + "\" after host");
    const std::size_t zone = host.substr(0, close).find("%25");
    if (zone != std::string_view::npos) {
      const auto address = unescape(host.substr(0, zone), Part::host);
      const auto scope = unescape(host.substr(zone, close - zone), Part::zone);
      const auto rest = unescape(host.substr(close), Part::host);
      for (const auto* part : {&address, &scope, &rest}) {
        if (!*part) return part->error();
      }
      return in_brackets(*address + *scope + *rest);
    }
    const auto whole = unescape(host, Part::host);
    return whole ? in_brackets(*whole) : whole;
  } else if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos && !is_port(host.substr(colon))) {
    return Error("invalid port \"" + std::string(host.substr(colon)) + "\" after host");
  }
  return unescape(host, Part::host);
}

bool is_userinfo(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || std::string_view("-._:~!$&'()*+,;=%@").find(c) != std::string_view::npos;
  });
}

Result<void> parse_authority(std::string_view authority, Url& url) {
  const std::size_t at = authority.rfind('@');
  Result<std::string> host = parse_host(at == std::string_view::npos ? authority : authority.substr(at + 1));
  if (!host) return host.error();
  url.host = std::move(*host);
  if (at == std::string_view::npos) return {};
  const std::string_view user = authority.substr(0, at);
  if (!is_userinfo(user)) return Error("net/url: invalid userinfo");
  const std::size_t colon = user.find(':');
  const auto name = unescape(user.substr(0, colon), Part::user);
  const auto password = unescape(colon == std::string_view::npos ? "" : user.substr(colon + 1), Part::user);
  if (!name) return name.error();
  if (!password) return password.error();
  url.user.emplace(*name, *password);
  return {};
}

void parse_query(Url& url) {
  std::unordered_map<std::string, std::size_t> places;
  std::string_view rest = url.raw_query;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty() || pair.find(';') != std::string_view::npos) continue;
    const std::size_t equals = pair.find('=');
    const auto key = unescape(pair.substr(0, equals), Part::query);
    const auto value = unescape(equals == std::string_view::npos ? "" : pair.substr(equals + 1), Part::query);
    if (!key || !value) continue;
    const auto [place, fresh] = places.emplace(*key, url.query.size());
    if (fresh) url.query.emplace_back(*key, std::vector<std::string>());
    url.query[place->second].second.push_back(*value);
  }
}

// Parses what follows the scheme, without query and fragment.
Result<void> parse_hierarchy(std::string_view rest, Url& url) {
  if (!rest.starts_with('/')) {
    if (!url.scheme.empty()) return {};  // `mailto:a@b`: opaque
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
      return Error("first path segment in URL cannot contain colon");
    }
  }
  if (rest.starts_with("//") && (!url.scheme.empty() || !rest.starts_with("///"))) {
    const std::string_view authority = rest.substr(2, std::min(rest.find('/', 2), rest.size()) - 2);
    rest.remove_prefix(2 + authority.size());
    if (Result<void> done = parse_authority(authority, url); !done) return done;
  }
  Result<std::string> path = unescape(rest, Part::path);
  if (!path) return path.error();
  url.path = std::move(*path);
  return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  Url url;
  const std::size_t hash = text.find('#');
  const std::string_view main = text.substr(0, hash);
  if (std::any_of(main.begin(), main.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; })) {
    return Error("net/url: invalid control character in URL");
  }
  if (main == "*") {
    url.path = "*";
  } else {
    const auto scheme = split_scheme(main);
    if (!scheme) return scheme.error();
    url.scheme = scheme->first;
    std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    const std::size_t question = scheme->second.find('?');
    if (question != std::string_view::npos) url.raw_query = scheme->second.substr(question + 1);
    if (Result<void> done = parse_hierarchy(scheme->second.substr(0, question), url); !done) return done.error();
  }
  if (hash != std::string_view::npos && hash + 1 < text.size()) {
    Result<std::string> fragment = unescape(text.substr(hash + 1), Part::fragment);
    if (!fragment) return fragment.error();
    url.fragment = std::move(*fragment);
  }
  parse_query(url);
  return url;
}

}  // namespace slipway::cel
