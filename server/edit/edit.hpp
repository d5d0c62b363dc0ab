#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "edit/path.hpp"

// Byte-preserving replacement of single values in YAML and JSON files. Pure functions: no I/O, any thread.
//
// A document is read twice, by the scanner of this module (exact byte spans) and by yaml-cpp (RapidJSON where the file
// is JSON). The result is returned only where both agree on where the path leads and where nothing but that node
// differs between the document before and after. Everything else is an error with a line and a column, and no bytes.

namespace slipway::edit {

/// What a document may be at most; more is refused before it is read.
inline constexpr std::size_t document_bytes_max = 32u << 20;
inline constexpr int nesting_max = 256;

struct Options {
  /// A missing key is added at the end of its mapping, in the file's own indentation. Otherwise it is an error that
  /// names the nearest existing key.
  bool create = false;
  /// A path that runs through an alias (`*name`) or a merge key (`<<`) changes the aliased node, and with it every
  /// other place that uses it. Otherwise that is refused. An anchored node itself (`&name`) may always be edited.
  bool follow_alias = false;
  /// The file's name in error positions; never opened.
  std::string file;
};

/// `document` with every path's value replaced by its new value, a string in double quotes. A value that already reads
/// as that string (and not, unquoted, as a number, boolean, null or date of YAML 1.1 or 1.2) keeps its bytes, so that
/// an equal result means: nothing to do. All or nothing: one bad path and the document is not changed.
Result<std::string> replace(std::string_view document, std::span<const Assignment> assignments,
                            const Options& options = Options());
Result<std::string> replace(std::string_view document, const Path& path, std::string_view value,
                            const Options& options = Options());

/// The value at `path` as text, read through aliases and merge keys. Nothing where the key is missing or its value is
/// null; an error where the document can not be read, the path is ambiguous, or there is a mapping or sequence.
Result<std::optional<std::string>> read(std::string_view document, const Path& path,
                                        const Options& options = Options());

}  // namespace slipway::edit
