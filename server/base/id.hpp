#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace slipway {

/// A strongly typed value: a commit cannot be passed where a digest is meant. `Tag` is never defined.
template <class Tag, class Rep = std::string>
class Id {
 public:
  Id() = default;
  explicit Id(Rep value) : value_(std::move(value)) {}
  const Rep& value() const noexcept { return value_; }
  bool empty() const noexcept { return value_ == Rep(); }
  auto operator<=>(const Id&) const = default;

 private:
  Rep value_{};
};

using DeliveryId = Id<struct DeliveryTag>;            ///< X-Gitea-Delivery, or generated here if the delivery has none
using RunId = Id<struct RunTag, std::int64_t>;        ///< counts up from 1 within a state directory
using CommitSha = Id<struct CommitTag>;               ///< 40 lower-case hex digits
using RepoName = Id<struct RepoTag>;                  ///< `organisation/name`
using TemplateName = Id<struct TemplateTag>;
using PipelineName = Id<struct PipelineTag>;
using Digest = Id<struct DigestTag>;                  ///< `sha256:` and 64 hex digits

/// True for exactly 40 lower-case hex digits.
bool is_commit_sha(const std::string& text) noexcept;
/// The leading digits of a commit id, or all of them, as typed by a person.
class CommitPrefix {
 public:
  static constexpr std::size_t fewest_digits = 4;
  /// 4 to 40 hex digits of either case; nullopt for anything else.
  static std::optional<CommitPrefix> from(std::string_view text);

  const std::string& digits() const noexcept { return digits_; }  ///< lower-case
  /// The smallest and the greatest commit id with this prefix.
  CommitSha first() const;
  CommitSha last() const;

 private:
  explicit CommitPrefix(std::string digits) : digits_(std::move(digits)) {}
  std::string digits_;
};

/// True for the 40 zeros that Git writes for "no commit".
bool is_zero_sha(const CommitSha& sha) noexcept;
/// The image tag of a commit: its first 8 characters.
std::string short_tag(const CommitSha& sha);
/// `refs/heads/main` → `main`; a ref that is not a branch is returned unchanged.
std::string branch_name(const std::string& ref);

}  // namespace slipway

template <class Tag, class Rep>
struct std::hash<slipway::Id<Tag, Rep>> {
  std::size_t operator()(const slipway::Id<Tag, Rep>& id) const noexcept { return std::hash<Rep>()(id.value()); }
};
