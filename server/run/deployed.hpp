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

/// The digits of a tag that may name a commit: `0853eb5c` of `0853eb5c-2`; nothing for `latest`, `v1.2`, or fewer than 7.
std::optional<std::string> commit_prefix(std::string_view tag);

}  // namespace slipway::run
