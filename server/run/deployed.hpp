#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/run.hpp"
#include "model/template.hpp"

namespace slipway::run {

/// Substitutes build results in a hand-off value: `$(IMAGE)`, `$(IMAGE_TAG)`, `$(IMAGE_DIGEST)`.
std::string written_value(std::string_view value, const BuildResults& results);

/// Whether the value that an edit writes contains the tag, so that a later run can read from the file what is deployed.
bool tells_tag(const ValuesEdit& edit) noexcept;

/// Whether it contains the tag or the digest; the file may then also have the image's name.
bool names_image(const ValuesEdit& edit) noexcept;

/// The tag in a value that an edit of this form wrote: `0853eb5c` of `zot/x:0853eb5c@sha256:…`.
std::string tag_in(std::string_view value);

/// The digest in such a value: the part after `@`, or all of it; empty if that is not a digest.
std::string digest_in(std::string_view value);

/// The source commit that a hand-off commit's message names for `digest`, if it is of this repository. Also handles a message
/// that a (squash) merge has combined from several.
std::optional<CommitSha> handed_off_commit(std::string_view message, const RepoName& repository, const std::string& digest);

/// The value at an edit's path in a file's bytes; empty if there is none.
Result<std::string> value_in(const std::string& bytes, const ValuesEdit& edit);

/// The source commit that a hand-off commit's message names, if it is of this repository and `value`, which the edit's path has at that
/// hand-off, stands for it.
std::optional<CommitSha> written_commit(std::string_view message, const RepoName& repository, const ValuesEdit& edit, const std::string& value);

/// The name under which the queue records an edit's last hand-off: its file, plus its path if an earlier edit of the template is
/// in the same file.
std::string record_name(const Template& target, const ValuesEdit& edit);

/// The hex digits of a tag that may name a commit: `0853eb5c` of `0853eb5c-2`; nothing for `latest`, `v1.2`, or fewer than 7 digits.
std::optional<std::string> commit_prefix(std::string_view tag);

}  // namespace slipway::run
