#pragma once

#include <filesystem>

#include "queue/sqlite/database.hpp"

namespace slipway::queue::sqlite {

/// Opens the database for writing: WAL, synchronous=FULL, schema created or checked. Throws Refused for a newer schema.
Database open_for_writing(const std::filesystem::path& file);
/// Opens the database for reading concurrently with the writer.
Database open_for_reading(const std::filesystem::path& file);

}  // namespace slipway::queue::sqlite
