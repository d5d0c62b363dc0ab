#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slipway::build {

/// Totals over test reports.
struct TestCounts {
  std::size_t tests = 0, failed = 0, skipped = 0;
  std::vector<std::string> failing;  ///< names of the first failures
  /// `12 tests, 1 failed: test_total`; empty if there were no tests.
  std::string text() const;
};

/// Adds one JUnit XML report: its <testcase> elements, failed if they contain a <failure> or <error>. An error if it is not
/// XML, declares entities, or nests deeper than 64 elements; what was counted up to there is kept.
Result<void> add_junit(std::string_view xml, TestCounts& counts);

/// Adds every file below `folder` that matches one of the globs (`**` across folders, `*`, `?`). Follows no links, and reads at most
/// 1,000 files of at most 16 MiB. Returns the reports that were skipped, each with the reason. Blocking.
std::vector<std::string> add_reports(const std::filesystem::path& folder, const std::vector<std::string>& globs,
                                     TestCounts& counts);

/// True if a relative `path`, with `/`, matches a glob.
bool fits_glob(std::string_view glob, std::string_view path) noexcept;

}  // namespace slipway::build
