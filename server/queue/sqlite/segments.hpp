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

/// Where a delivery's bytes lie.
struct Extent {
  Extent() = default;
  Extent(std::int64_t file, std::int64_t from, std::int64_t size) : segment(file), offset(from), length(size) {}
  std::int64_t segment = 0;  ///< 0: nowhere
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// The raw deliveries, outside the database: files `bodies-N.seg` to which records are only ever appended, so that a row stays
/// small. A record is written before the transaction commits that names it, and is on the disk before that is acknowledged; the
/// two wait for the disk side by side. So after a power failure a row that was never acknowledged may name a record that
/// does not read back: the check sum tells (Store::heal). What else is behind the last record is named by no row. Once it is on the
/// disk, the first record of a file is the sample of those behind it. Used by one thread.
class Segments {
 public:
  /// Goes on with the newest file there is, behind its end.
  Segments(std::filesystem::path directory, std::uint64_t segment_size);
  ~Segments();

  /// Gives the next record its place and keeps it in memory until write().
  Extent append(const PayloadText& payload);
  /// Writes what was appended, and begins to bring it to the disk. Throws Unavailable; then discard() must follow.
  void write();
  /// Waits until that has ended; false when the disk failed. To be called before the next append().
  bool synced();
  /// Forgets what was appended since the last synced(). What is left of it in the file is cut off.
  void discard() noexcept;

  /// The segment that is being written, every smaller number is complete; 0: none yet.
  std::int64_t current() const noexcept { return current_; }

 private:
  void open_next();

  std::filesystem::path directory_;
  std::uint64_t segment_size_;
  io::Descriptor file_;
  std::int64_t current_ = 0;
  std::int64_t end_ = 0;      ///< of what was kept
  std::int64_t written_ = 0;  ///< behind it
  std::string pending_;
  Packer packer_;
  std::future<bool> syncing_;
  asio::thread_pool disk_{1};
};

std::filesystem::path segment_file(const std::filesystem::path& directory, std::int64_t segment);
/// The numbers of the segments in a folder, ascending.
std::vector<std::int64_t> list_segments(const std::filesystem::path& directory);
/// Reads one record, with its sample where it has one; nothing where retention has removed its file, or it is damaged.
/// Throws Unavailable where it can not be read now (no descriptors, an I/O error). From any thread.
std::optional<Payload> read_record(const std::filesystem::path& directory, const Extent& extent);
/// The runs that the record's verdict asked for; none where there is no record. As read_record() otherwise.
std::vector<RunRequest> read_requests(const std::filesystem::path& directory, const Extent& extent);
/// Makes names created or removed in a folder durable. Throws Unavailable.
void sync_directory(const std::filesystem::path& directory);

}  // namespace slipway::queue::sqlite
