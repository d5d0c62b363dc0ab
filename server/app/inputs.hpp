#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "app/cli.hpp"
#include "config/load.hpp"
#include "model/delivery.hpp"

namespace slipway::app {

/// Opens a file to be read from its start; throws UsageError naming the file and the reason where it can not.
std::ifstream open_file(const std::filesystem::path& file);
/// The whole file, `-` for standard input; throws UsageError naming the file where it can not be read or is above 64 MiB.
std::string read_file(const std::filesystem::path& file);
/// Writes a file in place of another, whole or not at all (temporary file, fsync, rename), keeping its mode.
void replace_file(const std::filesystem::path& file, const std::string& bytes);

/// The configuration file that a command uses: `--config`, /etc/slipway/slipway.yaml, ./slipway.yaml.
std::filesystem::path config_file(const Global& global);
/// Loads it; throws UsageError with every error. `with_files`: secrets that it names must be there.
config::Config load_config(const Global& global, bool with_files);

/// A captured delivery: `NAME` or `NAME.body`, with `NAME.headers` beside it if present (request line and header lines).
/// Without headers it is taken for a push.
RawDelivery read_delivery(const std::filesystem::path& file);
/// The file beside it with its headers, whether it is there or not.
std::filesystem::path headers_beside(const std::filesystem::path& file);
/// True where `text` names a file, with or without `.body`; otherwise it is the id of a recorded delivery.
bool is_delivery_file(const std::string& text);
/// Header lines as in a capture; the request line, if there is one, becomes the target.
void read_headers(const std::string& text, RawDelivery& into);

}  // namespace slipway::app
