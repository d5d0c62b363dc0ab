#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "io/descriptor.hpp"
#include "io/task.hpp"
#include "model/delivery.hpp"
#include "queue/sqlite/record.hpp"

namespace slipway::queue::sqlite {

/// Location of a delivery's record, in bytes.
struct Extent {
  Extent() = default;
  Extent(std::int64_t file, std::int64_t from, std::int64_t size) : segment(file), offset(from), length(size) {}
  std::int64_t segment = 0;  ///< 0: nowhere
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// The raw deliveries, kept outside the database so that its rows stay small: append-only files `bodies-N.seg`. A record is written
/// before the transaction that refers to it commits, and synced before that is acknowledged; both syncs run concurrently. So after
/// a power failure a row that was never acknowledged may refer to an unreadable record, which the checksum reveals (Store::heal).
/// No row refers to any bytes after the last record. Once synced, the first record of a file is the sample of the later ones.
/// Used by one thread.
class Segments {
 public:
  /// Resumes at the end of the newest existing file; with a new one if that is older than `last_known`, whose file was lost, since
  /// what points into that must not find other bytes.
  Segments(std::filesystem::path directory, std::uint64_t segment_size, std::int64_t last_known = 0);
  ~Segments();

  /// Assigns the next record its place and buffers it until write().
  Extent append(const PayloadText& payload);
  /// Writes what was appended and starts syncing it. Throws Unavailable; discard() must follow then.
  void write();
  /// Waits for that sync; false if it failed. Call before the next append().
  bool synced();
  /// Drops what was appended since the last synced(), truncating the file if it was already written.
  void discard() noexcept;

  /// Number of the segment being written (smaller ones are complete); 0: none yet.
  std::int64_t current() const noexcept { return current_; }

 private:
  void open_next();

  std::filesystem::path directory_;
  std::uint64_t segment_size_;
  io::Descriptor file_;
  std::int64_t current_ = 0;
  std::int64_t end_ = 0;      ///< of the records kept
  std::int64_t written_ = 0;  ///< bytes written after `end_`, sync pending
  std::string pending_;
  Packer packer_;
  std::future<bool> syncing_;
  asio::thread_pool disk_{1};
};

std::filesystem::path segment_file(const std::filesystem::path& directory, std::int64_t segment);
/// The numbers of the segments in a folder, ascending.
std::vector<std::int64_t> list_segments(const std::filesystem::path& directory);
/// Reads one record, with its sample if it has one; nothing if retention has removed its file, or it is damaged.
/// Throws Unavailable if it cannot be read now (no descriptors, an I/O error). From any thread.
std::optional<Payload> read_record(const std::filesystem::path& directory, const Extent& extent);
/// The runs that the record's verdict asked for; none if there is no record. Otherwise like read_record().
std::vector<RunRequest> read_requests(const std::filesystem::path& directory, const Extent& extent);
/// Makes file creations and removals in a folder durable. Throws Unavailable.
void sync_directory(const std::filesystem::path& directory);

}  // namespace slipway::queue::sqlite
