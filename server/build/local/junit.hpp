#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace slipway::build {

/// What test reports add up to.
struct TestCounts {
  std::size_t tests = 0, failed = 0, skipped = 0;
  std::vector<std::string> failing;  ///< names, the first of them
  /// `12 tests, 1 failed: test_total`; empty where there were no tests.
  std::string text() const;
};

/// Adds one JUnit XML report: its <testcase> elements, failed where they hold a <failure> or <error>. An error for what is no
/// XML, declares entities, or nests deeper than 64 elements; what was counted before it stays.
Result<void> add_junit(std::string_view xml, TestCounts& counts);

/// Adds every file below `folder` that one of the globs (`**` across folders, `*`, `?`) matches. No link is followed, at most
/// 1,000 files of at most 16 MiB are read; what can not be read is passed over, and named in the returned list.
std::vector<std::string> add_reports(const std::filesystem::path& folder, const std::vector<std::string>& globs,
                                     TestCounts& counts);

/// True where `path` (with `/`) fits a glob.
bool fits_glob(std::string_view glob, std::string_view path) noexcept;

}  // namespace slipway::build
