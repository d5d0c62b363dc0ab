#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace slipway {

/// A value that names one kind of thing, so that a commit can not be passed where a digest is meant. `Tag` is never defined.
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

using DeliveryId = Id<struct DeliveryTag>;            ///< X-Gitea-Delivery, or one made here for a delivery without
using RunId = Id<struct RunTag, std::int64_t>;        ///< counts up from 1 in one state directory
using CommitSha = Id<struct CommitTag>;               ///< 40 lower-case hex digits
using RepoName = Id<struct RepoTag>;                  ///< `organisation/name`
using TemplateName = Id<struct TemplateTag>;
using PipelineName = Id<struct PipelineTag>;
using Digest = Id<struct DigestTag>;                  ///< `sha256:` and 64 hex digits

/// 40 lower-case hex digits: what may stand where a commit is expected.
bool is_commit_sha(const std::string& text) noexcept;
/// The 40 zeros that Git writes where there is no commit.
bool is_zero_sha(const CommitSha& sha) noexcept;
/// The image tag of a commit: its first 8 characters.
std::string short_tag(const CommitSha& sha);
/// `main` of `refs/heads/main`; what is no branch stays as it is.
std::string branch_name(const std::string& ref);

}  // namespace slipway

template <class Tag, class Rep>
struct std::hash<slipway::Id<Tag, Rep>> {
  std::size_t operator()(const slipway::Id<Tag, Rep>& id) const noexcept { return std::hash<Rep>()(id.value()); }
};
