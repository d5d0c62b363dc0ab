#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/run.hpp"
#include "model/template.hpp"

namespace slipway::run {

/// A hand-off value with what only the build knows put in: `$(IMAGE)`, `$(IMAGE_TAG)`, `$(IMAGE_DIGEST)`.
std::string written_value(std::string_view value, const BuildResults& results);

/// True where the value that an edit writes tells the tag, so that a later run can read from the file what is deployed.
bool tells_tag(const ValuesEdit& edit) noexcept;

/// True where it tells the tag or the digest: an image's name may stand beside it.
bool names_image(const ValuesEdit& edit) noexcept;

/// The tag in a value that an edit of this form wrote: `0853eb5c` of `zot/x:0853eb5c@sha256:…`.
std::string tag_in(std::string_view value);

/// The digest in such a value: what is behind its `@`, or all of it; empty where that is none.
std::string digest_in(std::string_view value);

/// The source commit that a hand-off commit's message names for the digest that it wrote, where it is one of this repository; also
/// where a merge has put several such messages into one.
std::optional<CommitSha> handed_off_commit(std::string_view message, const RepoName& repository, const std::string& digest);

/// The name under which the queue keeps what an edit handed off last: its file, and its path too where another edit of the template
/// is made in the same file before it.
std::string record_name(const Template& target, const ValuesEdit& edit);

/// The digits of a tag that may name a commit: `0853eb5c` of `0853eb5c-2`; nothing for `latest`, `v1.2`, or fewer than 7.
std::optional<std::string> commit_prefix(std::string_view tag);

}  // namespace slipway::run
