#include "queue/sqlite/record.hpp"

#include <lz4.h>

#include <array>
#include <cstring>
#include <utility>

namespace slipway::queue::sqlite {
namespace {

constexpr std::string_view magic = "SLD3";
constexpr std::size_t sum_size = 8;
constexpr std::size_t largest_record = 1u << 30;       ///< uncompressed; a body is far smaller
constexpr std::size_t longest_sample = 64 * 1024;      ///< LZ4's window
constexpr std::size_t longest_sample_record = record_prefix + LZ4_COMPRESSBOUND(longest_sample);
constexpr std::size_t usual_text = 1u << 20;           ///< buffers that grew beyond this are freed after use
constexpr int hurry = 2;                               ///< LZ4's acceleration: half the work, a tenth more bytes

/// The fields at the start of a record, in order.
struct Prefix {
  std::array<std::uint32_t, 4> lengths{};
  std::uint32_t sample = 0, packed = 0;
  std::uint64_t sum = 0;
  std::size_t whole() const noexcept { return std::size_t{lengths[0]} + lengths[1] + lengths[2] + lengths[3]; }
};

void append_number(std::string& to, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) to.push_back(static_cast<char>((number >> (8 * i)) & 0xff));
}

std::uint64_t take_number(std::string_view& from, std::size_t bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes; i-- > 0;) number = number << 8 | static_cast<unsigned char>(from[i]);
  from.remove_prefix(bytes);
  return number;
}

std::optional<Prefix> prefix_of(std::string_view record) {
  if (record.size() < record_prefix || !record.starts_with(magic)) return std::nullopt;
  record.remove_prefix(magic.size());
  Prefix prefix;
  for (std::uint32_t& length : prefix.lengths) length = static_cast<std::uint32_t>(take_number(record, 4));
  prefix.sample = static_cast<std::uint32_t>(take_number(record, 4));
  prefix.packed = static_cast<std::uint32_t>(take_number(record, 4));
  prefix.sum = take_number(record, sum_size);
  return prefix;
}

/// Detects torn and missing pages, not tampering. Takes eight bytes at a time; each step is a bijection of the state (as in FNV-1a).
std::uint64_t check_sum(std::string_view bytes, std::uint64_t sum = 0xcbf29ce484222325ull) {
  sum ^= bytes.size();
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

/// Covers the fields before the sum itself, and the packed data.
std::uint64_t check_sum_of(std::string_view numbers, std::string_view packed) { return check_sum(packed, check_sum(numbers)); }

/// The four texts of a record, concatenated; nothing if the record is damaged or needs another sample.
std::optional<std::string> unpacked_text(std::string_view record, const Prefix& prefix, const std::optional<Sample>& sample) {
  const std::string_view packed = record.substr(record_prefix);
  if (packed.size() != prefix.packed || prefix.whole() > largest_record) return std::nullopt;
  if (check_sum_of(record.substr(0, record_prefix - sum_size), packed) != prefix.sum) return std::nullopt;
  const bool alone = prefix.sample == 0;
  if (!alone && (!sample || sample->record != prefix.sample)) return std::nullopt;
  const std::string_view known = alone ? std::string_view() : std::string_view(sample->text);
  std::string plain(prefix.whole(), '\0');
  const int size = LZ4_decompress_safe_usingDict(packed.data(), plain.data(), static_cast<int>(packed.size()), static_cast<int>(plain.size()),
                                                 known.data(), static_cast<int>(known.size()));
  if (size < 0 || static_cast<std::size_t>(size) != plain.size()) return std::nullopt;
  return plain;
}

}  // namespace

/// LZ4 states: one loaded with the sample, and the copy of it that packs a record. (Debian's library lacks LZ4_attach_dictionary.)
struct Packer::Streams {
  LZ4_stream_t sampled{}, working{};
};

Packer::Packer() : streams_(std::make_unique<Streams>()) {}
Packer::~Packer() = default;

void Packer::use(std::optional<Sample> sample) {
  sample_ = std::move(sample);
  if (sample_) LZ4_loadDict(&streams_->sampled, sample_->text.data(), static_cast<int>(sample_->text.size()));
}

int Packer::pack(int room) noexcept {
  const int size = static_cast<int>(plain_.size());
  if (!sample_) return LZ4_compress_fast(plain_.data(), packed_.data(), size, room, hurry);
  streams_->working = streams_->sampled;
  return LZ4_compress_fast_continue(&streams_->working, plain_.data(), packed_.data(), size, room, hurry);
}

void Packer::append(std::string& to, const PayloadText& payload) {
  plain_.clear();
  plain_.append(payload.headers).append(payload.target).append(payload.verdict).append(payload.body);
  const int room = LZ4_compressBound(static_cast<int>(plain_.size()));
  if (packed_.size() < static_cast<std::size_t>(room)) packed_.resize(static_cast<std::size_t>(room));
  const std::string_view packed(packed_.data(), static_cast<std::size_t>(pack(room)));

  const std::size_t start = to.size();
  to.append(magic);
  for (const std::string_view text : {payload.headers, payload.target, payload.verdict, payload.body}) append_number(to, text.size(), 4);
  append_number(to, sample_ ? sample_->record : 0, 4);
  append_number(to, packed.size(), 4);
  append_number(to, check_sum_of(std::string_view(to).substr(start), packed), sum_size);
  to.append(packed);
  if (plain_.size() > usual_text) {
    plain_.clear();
    plain_.shrink_to_fit();
    packed_ = std::vector<char>();
  }
}

std::optional<std::size_t> sample_record_length(std::string_view begin) {
  const auto prefix = prefix_of(begin);
  if (!prefix || record_prefix + prefix->packed > longest_sample_record) return std::nullopt;
  return record_prefix + prefix->packed;
}

std::size_t sample_length(std::string_view record) {
  const auto prefix = prefix_of(record);
  return prefix ? prefix->sample : 0;
}

std::optional<Sample> sample_from(std::string_view record) {
  const auto prefix = prefix_of(record);
  if (!prefix || prefix->sample != 0 || prefix->whole() > longest_sample) return std::nullopt;
  auto text = unpacked_text(record, *prefix, std::nullopt);
  if (!text) return std::nullopt;
  return Sample{std::move(*text), static_cast<std::uint32_t>(record.size())};
}

std::optional<Payload> parse_record(std::string_view record, const std::optional<Sample>& sample) {
  const auto prefix = prefix_of(record);
  if (!prefix) return std::nullopt;
  const auto plain = unpacked_text(record, *prefix, sample);
  if (!plain) return std::nullopt;
  std::string_view left = *plain;
  auto take = [&left, length = prefix->lengths.begin()]() mutable {
    const std::string_view text = left.substr(0, *length);
    left.remove_prefix(*length++);
    return text;
  };
  Payload payload;
  payload.headers = Headers::parse(take());
  payload.target = take();
  payload.verdict = take();
  payload.body = take();
  return payload;
}

}  // namespace slipway::queue::sqlite
