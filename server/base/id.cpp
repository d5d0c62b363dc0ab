#include "base/id.hpp"

#include <algorithm>
#include <string_view>

namespace slipway {

bool is_commit_sha(const std::string& text) noexcept {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::optional<CommitPrefix> CommitPrefix::from(std::string_view text) {
  std::string digits(text);
  for (char& c : digits) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  if (digits.size() < fewest_digits || digits.size() > 40) return std::nullopt;
  if (digits.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  return CommitPrefix(std::move(digits));
}

CommitSha CommitPrefix::first() const { return CommitSha(digits_ + std::string(40 - digits_.size(), '0')); }
CommitSha CommitPrefix::last() const { return CommitSha(digits_ + std::string(40 - digits_.size(), 'f')); }

bool is_zero_sha(const CommitSha& sha) noexcept {
  return sha.value().size() == 40 && sha.value().find_first_not_of('0') == std::string::npos;
}

std::string short_tag(const CommitSha& sha) { return sha.value().substr(0, 8); }

std::string branch_name(const std::string& ref) {
  constexpr std::string_view prefix = "refs/heads/";
  return ref.starts_with(prefix) ? ref.substr(prefix.size()) : ref;
}

}  // namespace slipway
