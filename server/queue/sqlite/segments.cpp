#include "queue/sqlite/segments.hpp"

#include <fcntl.h>
#include <lz4.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/failure.hpp"

namespace slipway::queue::sqlite {
namespace {

constexpr std::string_view magic = "SLD2";
constexpr std::size_t sum_at = 4 + 4 * 4;
constexpr std::size_t prefix_size = sum_at + 8;
constexpr std::size_t largest_record = 1u << 30;  ///< uncompressed; a body is far smaller
constexpr int hurry = 2;                            ///< LZ4's acceleration: half the work, a tenth more bytes

[[noreturn]] void fail(const std::string& doing, const std::filesystem::path& what) {
  throw Unavailable("the queue can not " + doing + " " + what.string() + ": " + std::strerror(errno));
}

void append_length(std::string& to, std::size_t length) {
  for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<char>((length >> shift) & 0xff));
}

/// Tells torn and missing pages, not malice: eight bytes at a time, each step a bijection of the state (as in FNV-1a).
std::uint64_t check_sum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325ull ^ bytes.size();
  const auto mix = [&sum](std::uint64_t word) {
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
    sum ^= sum >> 29;
  };
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    mix(word);
  }
  std::uint64_t rest = 0;
  if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
  mix(rest);
  return sum;
}

std::size_t read_length(std::string_view from, std::size_t at) {
  std::size_t length = 0;
  for (int i = 3; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(from[at + static_cast<std::size_t>(i)]);
  return length;
}

void write_whole(int file, std::string_view bytes, std::int64_t at, const std::filesystem::path& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", name);
    if (written == 0) throw Unavailable("the queue can not write " + name.string() + ": no room");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
}

}  // namespace

void append_record(std::string& to, std::string_view headers, std::string_view target, std::string_view verdict,
                   std::string_view body) {
  const std::size_t start = to.size();
  to.append(magic);
  for (const std::size_t length : {headers.size(), target.size(), verdict.size(), body.size()}) append_length(to, length);
  to.append(8, '\0');

  std::string plain;
  plain.reserve(headers.size() + target.size() + verdict.size() + body.size());
  plain.append(headers).append(target).append(verdict).append(body);
  to.resize(start + prefix_size + static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(plain.size()))));
  char* const packed = to.data() + start + prefix_size;
  const int size = LZ4_compress_fast(plain.data(), packed, static_cast<int>(plain.size()), static_cast<int>(to.size() - start - prefix_size), hurry);
  to.resize(start + prefix_size + static_cast<std::size_t>(size));
  const std::uint64_t sum = check_sum(std::string_view(to).substr(start + prefix_size));
  std::memcpy(to.data() + start + sum_at, &sum, sizeof sum);
}

std::optional<Payload> parse_record(std::string_view record) {
  if (record.size() < prefix_size || record.substr(0, magic.size()) != magic) return std::nullopt;
  const std::string_view packed = record.substr(prefix_size);
  std::uint64_t sum = 0;
  std::memcpy(&sum, record.data() + sum_at, sizeof sum);
  if (sum != check_sum(packed)) return std::nullopt;
  std::array<std::size_t, 4> lengths;
  std::size_t whole = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) whole += lengths[i] = read_length(record, magic.size() + 4 * i);
  if (whole > largest_record) return std::nullopt;
  std::string plain(whole, '\0');
  const int size = LZ4_decompress_safe(packed.data(), plain.data(), static_cast<int>(packed.size()), static_cast<int>(whole));
  if (size < 0 || static_cast<std::size_t>(size) != whole) return std::nullopt;

  std::array<std::string_view, 4> parts;
  std::string_view left = plain;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = left.substr(0, lengths[i]);
    left.remove_prefix(lengths[i]);
  }
  Payload payload;
  payload.headers = Headers::parse(parts[0]);
  payload.target = parts[1];
  payload.verdict = parts[2];
  payload.body = parts[3];
  return payload;
}

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
  const io::Descriptor file(::open(segment_file(directory, extent.segment).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string record(static_cast<std::size_t>(extent.length), '\0');
  std::size_t have = 0;
  while (have < record.size()) {
    const ssize_t got = ::pread(file.get(), record.data() + have, record.size() - have,
                                extent.offset + static_cast<std::int64_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    have += static_cast<std::size_t>(got);
  }
  return parse_record(record);
}

void sync_directory(const std::filesystem::path& directory) {
  const io::Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) fail("sync", directory);
}

Segments::Segments(std::filesystem::path directory, std::uint64_t segment_size)
    : directory_(std::move(directory)), segment_size_(segment_size) {
  const auto existing = list_segments(directory_);
  if (existing.empty()) return;
  current_ = existing.back();
  const auto name = segment_file(directory_, current_);
  file_ = io::Descriptor(::open(name.c_str(), O_WRONLY | O_CLOEXEC));
  end_ = file_ ? ::lseek(file_.get(), 0, SEEK_END) : -1;
  if (end_ < 0) fail("open", name);
}

Segments::~Segments() {
  synced();
  disk_.join();
}

Extent Segments::append(std::string_view headers, std::string_view target, std::string_view verdict, std::string_view body) {
  if (current_ == 0 || static_cast<std::uint64_t>(end_) >= segment_size_) open_next();
  const std::size_t from = pending_.size();
  append_record(pending_, headers, target, verdict, body);
  return Extent(current_, end_ + static_cast<std::int64_t>(from), static_cast<std::int64_t>(pending_.size() - from));
}

/// Only between batches, so that one file at a time is on its way to the disk.
void Segments::open_next() {
  if (!pending_.empty()) return;
  const auto name = segment_file(directory_, current_ + 1);
  io::Descriptor next(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!next) fail("make", name);
  sync_directory(directory_);
  file_ = std::move(next);
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
  end_ += written_;
  written_ = 0;
  pending_.clear();
  // One burst must not keep its memory for ever.
  if (pending_.capacity() > (4u << 20)) pending_.shrink_to_fit();
  return done;
}

void Segments::discard() noexcept {
  if (syncing_.valid()) syncing_.wait();
  syncing_ = {};
  if (pending_.empty()) return;
  pending_.clear();
  written_ = 0;
  // Gives the room back at once where the disk is full. Should it fail, the bytes are named by no row all the same.
  if (file_ && ::ftruncate(file_.get(), end_) != 0) errno = 0;
}

}  // namespace slipway::queue::sqlite
