#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/delivery.hpp"

namespace slipway::config {

/// One YAML file while it is read: what errors need to name a place in it.
struct Source {
  Source() = default;
  Source(std::string file_name, std::string content) : file(std::move(file_name)), text(std::move(content)) {}
  std::string file;
  std::string text;
};

/// A text out of the configuration together with where it stands.
struct Located {
  Located() = default;
  std::string text;
  Position where;
  std::size_t offset = 0;  ///< of the scalar's first byte in its source
  const Source* source = nullptr;
};

/// What the declared keys are read with: collects errors instead of stopping at the first, puts in environment
/// variables (settings) or a pipeline's parameters (stages), and remembers the files that have to exist.
class Reader {
 public:
  explicit Reader(const Source& source) : source_(&source) {}

  void fail(const YAML::Node& node, std::string what) { errors_.emplace_back(std::move(what), position(node)); }
  void fail(Error error) { errors_.push_back(std::move(error)); }
  Position position(const YAML::Node& node) const;

  /// The place of `key` is that of a value which is not there: YAML gives such a value none of its own.
  void note_key(const YAML::Node& mapping, const std::string& key);

  /// The scalar's text with its references put in; nothing, and an error, where the node is no scalar.
  std::optional<std::string> scalar(const YAML::Node& node);
  /// The same, untouched and with its place.
  std::optional<Located> located(const YAML::Node& node);

  /// `${NAME}` and `${NAME:-default}` from here on.
  void expand_environment(bool on) noexcept { environment_ = on; }
  /// `$(params.NAME)` from here on; null: left as they are.
  void use_parameters(const Parameters* parameters) noexcept { parameters_ = parameters; }
  /// Name to file of the configuration's `secrets`.
  void use_secrets(const std::map<std::string, std::string>* secrets) noexcept { secrets_ = secrets; }
  const std::map<std::string, std::string>* secrets() const noexcept { return secrets_; }

  /// A relative path is relative to the configuration's folder. Notes that the file has to exist.
  std::filesystem::path file(const YAML::Node& node, const std::string& text);
  const std::vector<std::pair<std::filesystem::path, Position>>& files() const noexcept { return files_; }

  const Source& source() const noexcept { return *source_; }
  std::vector<Error>& errors() noexcept { return errors_; }

 private:
  std::string with_environment(const YAML::Node& node, const std::string& text);
  std::string with_parameters(const YAML::Node& node, const std::string& text);

  const Source* source_;
  std::vector<Error> errors_;
  std::vector<std::pair<std::filesystem::path, Position>> files_;
  const Parameters* parameters_ = nullptr;
  const std::map<std::string, std::string>* secrets_ = nullptr;
  std::optional<Position> key_;
  bool environment_ = false;
};

/// The documents of a file as one YAML node, or why it is none.
Result<YAML::Node> parse_yaml(const Source& source);
/// The file's bytes; an error where it can not be read or is above 4 MiB.
Result<Source> read_source(const std::filesystem::path& file);

/// An error inside a scalar: `error` counts lines and columns within the scalar's text from 1; the result counts in the
/// file, whatever the scalar's style, and shows the file's line with a caret.
Error error_within(const Located& scalar, const Error& error);
/// `what`, then the line of the source at `where` and a caret under the column.
std::string with_caret(const std::string& what, const Source& source, const Position& where);

}  // namespace slipway::config
