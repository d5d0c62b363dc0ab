#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "edit/path.hpp"

// Byte-preserving replacement of single values in YAML and JSON files. Pure functions: no I/O, thread-safe.
//
// A document is parsed twice: by this module's scanner (exact byte spans) and by yaml-cpp (RapidJSON for JSON files).
// The result is returned only if both agree on where the path leads and on nothing but that node having changed.
// Everything else is an error with line and column, and no output.

namespace slipway::edit {

/// Limits of a document: bytes and nesting levels. Larger ones are refused.
inline constexpr std::size_t document_bytes_max = 32u << 20;
inline constexpr int nesting_max = 256;

struct Options {
  /// Adds a missing key at the end of its mapping, in the file's own indentation. Without it, a missing key is an error
  /// that names the nearest existing one.
  bool create = false;
  /// Lets a path lead through an alias (`*name`) or a merge key (`<<`), which changes the aliased node for all its
  /// users. Without it, such a path is refused. An anchored node itself (`&name`) can always be edited.
  bool follow_alias = false;
  /// File name for error positions; never opened.
  std::string file;
};

/// `document` with the value of each path replaced by a double-quoted string. A value that already reads as that string
/// (and not, unquoted, as a number, boolean, null or date in YAML 1.1 or 1.2) keeps its bytes, so an unchanged result
/// means there was nothing to do. All or nothing: one bad path is an error for the whole call.
Result<std::string> replace(std::string_view document, std::span<const Assignment> assignments,
                            const Options& options = Options());
Result<std::string> replace(std::string_view document, const Path& path, std::string_view value,
                            const Options& options = Options());

/// The value at `path` as text, following aliases and merge keys. Nullopt if the key is missing or its value is null;
/// an error if the document cannot be parsed, the path is ambiguous, or the value is a mapping or sequence.
Result<std::optional<std::string>> read(std::string_view document, const Path& path,
                                        const Options& options = Options());

}  // namespace slipway::edit
