#include "queue/sqlite/segments.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/failure.hpp"
#include "queue/sqlite/rows.hpp"

namespace slipway::queue::sqlite {
namespace {

[[noreturn]] void fail(const std::string& doing, const std::filesystem::path& what) {
  throw Unavailable("the queue cannot " + doing + " " + what.string() + ": " + std::strerror(errno));
}

void write_whole(int file, std::string_view bytes, std::int64_t at, const std::filesystem::path& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", name);
    if (written == 0) throw Unavailable("the queue cannot write " + name.string() + ": no room");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
}

/// Nothing if the file ends before `at + length`. Throws Unavailable if it cannot be read now.
std::optional<std::string> read_whole(int file, std::int64_t at, std::size_t length) {
  std::string bytes(length, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(file, bytes.data() + have, bytes.size() - have, at + static_cast<std::int64_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Unavailable(std::string("a delivery's bytes cannot be read: ") + std::strerror(errno));
    if (got == 0) return std::nullopt;
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

/// A file's first record as a sample; nothing if it cannot serve as one.
std::optional<Sample> first_record(int file) {
  const auto begin = read_whole(file, 0, record_prefix);
  const auto length = begin ? sample_record_length(*begin) : std::nullopt;
  const auto record = length ? read_whole(file, 0, *length) : std::nullopt;
  return record ? sample_from(*record) : std::nullopt;
}

}  // namespace

std::filesystem::path segment_file(const std::filesystem::path& directory, std::int64_t segment) {
  return directory / ("bodies-" + std::to_string(segment) + ".seg");
}

std::vector<std::int64_t> list_segments(const std::filesystem::path& directory) {
  std::vector<std::int64_t> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("bodies-") || !name.ends_with(".seg")) continue;
    std::int64_t number = 0;
    const char* const end = name.data() + name.size() - 4;
    const auto [stop, error] = std::from_chars(name.data() + 7, end, number);
    if (error == std::errc() && stop == end) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::optional<Payload> read_record(const std::filesystem::path& directory, const Extent& extent) {
  if (extent.segment == 0) return std::nullopt;
  const auto name = segment_file(directory, extent.segment);
  const io::Descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno != ENOENT) fail("open", name);
  if (!file) return std::nullopt;
  const auto record = read_whole(file.get(), extent.offset, static_cast<std::size_t>(extent.length));
  if (!record) return std::nullopt;
  return parse_record(*record, sample_length(*record) == 0 ? std::nullopt : first_record(file.get()));
}

std::vector<RunRequest> read_requests(const std::filesystem::path& directory, const Extent& extent) {
  const auto payload = read_record(directory, extent);
  return payload ? requests_from(payload->verdict) : std::vector<RunRequest>();
}

void sync_directory(const std::filesystem::path& directory) {
  const io::Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) fail("sync", directory);
}

Segments::Segments(std::filesystem::path directory, std::uint64_t segment_size, std::int64_t last_known)
    : directory_(std::move(directory)), segment_size_(segment_size), current_(last_known) {
  const auto existing = list_segments(directory_);
  if (existing.empty() || existing.back() < last_known) return;
  current_ = existing.back();
  const auto name = segment_file(directory_, current_);
  file_ = io::Descriptor(::open(name.c_str(), O_RDWR | O_CLOEXEC));
  end_ = file_ ? ::lseek(file_.get(), 0, SEEK_END) : -1;
  if (end_ < 0) fail("open", name);
  packer_.use(first_record(file_.get()));
}

Segments::~Segments() {
  synced();
  disk_.join();
}

Extent Segments::append(const PayloadText& payload) {
  if (!file_ || static_cast<std::uint64_t>(end_) >= segment_size_) open_next();
  const std::size_t from = pending_.size();
  packer_.append(pending_, payload);
  return Extent(current_, end_ + static_cast<std::int64_t>(from), static_cast<std::int64_t>(pending_.size() - from));
}

/// Only between batches, so that only one file at a time awaits a sync.
void Segments::open_next() {
  if (!pending_.empty()) return;
  const auto name = segment_file(directory_, current_ + 1);
  io::Descriptor next(::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!next) fail("make", name);
  sync_directory(directory_);
  file_ = std::move(next);
  packer_.use(std::nullopt);
  ++current_;
  end_ = 0;
}

void Segments::write() {
  if (pending_.empty()) return;
  written_ = static_cast<std::int64_t>(pending_.size());
  write_whole(file_.get(), pending_, end_, segment_file(directory_, current_));
  std::packaged_task<bool()> sync([file = file_.get()] { return ::fdatasync(file) == 0; });
  syncing_ = sync.get_future();
  asio::post(disk_, std::move(sync));
}

bool Segments::synced() {
  if (!syncing_.valid()) return true;
  const bool done = syncing_.get();
  if (done && end_ == 0) packer_.use(first_record(file_.get()));
  end_ += written_;
  written_ = 0;
  pending_.clear();
  // Free the memory after a burst.
  if (pending_.capacity() > (4u << 20)) pending_.shrink_to_fit();
  return done;
}

void Segments::discard() noexcept {
  if (syncing_.valid()) syncing_.wait();
  syncing_ = {};
  if (pending_.empty()) return;
  pending_.clear();
  written_ = 0;
  // Frees the space at once, in case the disk is full. If it fails, no harm: no row refers to these bytes.
  if (file_ && ::ftruncate(file_.get(), end_) != 0) errno = 0;
}

}  // namespace slipway::queue::sqlite
