#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "app/cli.hpp"
#include "config/load.hpp"
#include "model/delivery.hpp"

namespace slipway::app {

/// Opens a file for reading; throws UsageError with the file and the reason on failure.
std::ifstream open_file(const std::filesystem::path& file);
/// Reads a whole file, `-` for standard input; throws UsageError naming the file if it cannot be read or is larger than 64 MiB.
std::string read_file(const std::filesystem::path& file);
/// Replaces a file atomically (temporary file, fsync, rename), keeping its mode. Throws UsageError on failure.
void replace_file(const std::filesystem::path& file, const std::string& bytes);

/// The configuration file that a command uses: `--config`, /etc/slipway/slipway.yaml, ./slipway.yaml.
std::filesystem::path config_file(const Global& global);
/// Loads it; throws UsageError with all errors. `with_files`: the secret files it names must exist.
config::Config load_config(const Global& global, bool with_files);

/// Reads a captured delivery: `NAME` or `NAME.body`, and `NAME.headers` (request line and header lines) if present.
/// Without headers it is assumed to be a push.
RawDelivery read_delivery(const std::filesystem::path& file);
/// The path of its `.headers` file, whether that exists or not.
std::filesystem::path headers_beside(const std::filesystem::path& file);
/// True if `text` names a file, with or without `.body`; otherwise it is taken as the id of a recorded delivery.
bool is_delivery_file(const std::string& text);
/// Parses the header lines of a capture; the request line, if any, sets the target.
void read_headers(const std::string& text, RawDelivery& into);

}  // namespace slipway::app
