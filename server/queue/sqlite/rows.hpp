#pragma once

#include <string>
#include <string_view>

#include "model/delivery.hpp"
#include "model/run.hpp"
#include "queue/sqlite/database.hpp"

namespace slipway::queue::sqlite {

/// A commit or a hash as bytes: half the size of its digits. What is no hex (an empty one) is kept as it is.
class Packed {
 public:
  explicit Packed(const std::string& hex);
  operator Blob() const { return Blob(bytes_); }  // NOLINT: binding it is the point

 private:
  std::string bytes_;
};
std::string unpacked(const Cursor& row, int column);
Fingerprint fingerprint_from(const Cursor& row, int column);

/// `{"name":"value",…}`.
std::string to_json(const Parameters& parameters);
Parameters parameters_from(const std::string& json);
/// The `runs` of a Decision's JSON, with template and trigger; empty where it is none.
std::vector<RunRequest> requests_from(const std::string& verdict);

/// Of a row of the view `run_rows`.
Run run_from(const Cursor& row);

/// What the queue knows of a run beside the model's Run.
struct RunExtra {
  std::uint64_t generation = 0;
  int failures = 0;
  std::optional<Clock::time_point> failing_since;
  std::int64_t template_number = 0, branch_number = 0;
};
RunExtra run_extra_from(const Cursor& row);

StageRecord stage_from_row(const Cursor& row);  ///< of stage, started, finished, outcome, detail

}  // namespace slipway::queue::sqlite
