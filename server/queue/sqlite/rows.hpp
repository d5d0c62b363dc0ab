#pragma once

#include <string>
#include <string_view>

#include "model/delivery.hpp"
#include "model/run.hpp"
#include "queue/sqlite/database.hpp"

namespace slipway::queue::sqlite {

/// A commit or hash as bytes, half the size of its hex digits. Anything that is not hex becomes empty.
class Packed {
 public:
  explicit Packed(const std::string& hex);
  operator Blob() const { return Blob(bytes_); }  // NOLINT: implicit, to be bound directly

 private:
  std::string bytes_;
};
std::string unpacked(const Cursor& row, int column);
Fingerprint fingerprint_from(const Cursor& row, int column);

/// `{"name":"value",…}`.
std::string to_json(const Parameters& parameters);
Parameters parameters_from(const std::string& json);
/// The `runs` of a Decision's JSON, with template and trigger only; empty if it is not one.
std::vector<RunRequest> requests_from(const std::string& verdict);

/// From a row of the view `run_rows`; without stages.
Run run_from(const Cursor& row);

/// What the queue stores of a run beyond model/run.hpp.
struct RunExtra {
  std::uint64_t generation = 0;
  int failures = 0;
  std::optional<Clock::time_point> failing_since;
  std::int64_t template_number = 0, branch_number = 0;
};
RunExtra run_extra_from(const Cursor& row);

StageRecord stage_from_row(const Cursor& row);  ///< columns: stage, started, finished, outcome, detail

}  // namespace slipway::queue::sqlite
