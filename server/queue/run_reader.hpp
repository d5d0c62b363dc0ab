#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/task.hpp"
#include "queue/queue.hpp"

namespace slipway::queue {

/// Which runs to list; all conditions that are set must hold. Results are newest first.
struct RunFilter {
  RunFilter() = default;
  std::optional<TemplateName> template_name;
  std::optional<RunState> state;
  std::optional<RepoName> repository;
  std::optional<DeliveryId> delivery;
  std::optional<CommitPrefix> commit;
  std::optional<RunId> before;         ///< cursor: only smaller ids
  std::size_t at_most = 100;
};

/// A stored delivery. `headers`, `body` and `verdict` are empty in lists, and if retention has removed them.
struct StoredDelivery {
  StoredDelivery() = default;
  std::int64_t number = 0;      ///< ascending in order of storing; the cursor of lists
  DeliveryId id;
  RepoName repository;
  std::string ref;
  CommitSha before, after, base;
  Source source = Source::webhook;
  bool pending = false;
  bool gap = false;
  std::size_t runs = 0;         ///< number of runs it made
  Clock::time_point received;
  std::string target;           ///< request target
  Headers headers;
  std::string body;
  std::string fingerprint;      ///< Delivery::fingerprint as 64 hex digits
  std::string verdict;          ///< as first judged: {"runs":[{"template","trigger"}],"skipped":[{"trigger","reason","error"?}]}
  std::string completed_verdict;///< as judged again after completion from Git; empty: not completed
};

struct DeliveryFilter {
  DeliveryFilter() = default;
  std::optional<RepoName> repository;
  std::optional<CommitPrefix> after;   ///< the pushed commit
  bool only_pending = false;
  std::optional<std::int64_t> before;  ///< cursor: only smaller numbers
  std::size_t at_most = 100;
};

/// A snapshot of the figures for the metrics.
struct Counts {
  Counts() = default;
  std::map<RunState, std::uint64_t> runs;
  std::map<WaitingFor, std::uint64_t> waiting;   ///< of the queued runs
  std::uint64_t deliveries = 0, pending = 0;
  std::uint64_t database_bytes = 0, body_bytes = 0;
  std::optional<Clock::time_point> oldest_queued;
};

/// Reads the queue's contents on a connection and thread of its own: neither it nor the writer ever waits for the other.
/// Called on the loop. Throws Unavailable if the database cannot be read.
class RunReader {
 public:
  virtual ~RunReader() = default;
  virtual Task<std::vector<Run>> runs(const RunFilter& filter) = 0;            ///< without stages
  virtual Task<std::optional<Run>> run(RunId id) = 0;                          ///< with stages
  virtual Task<std::vector<StoredDelivery>> deliveries(const DeliveryFilter& filter) = 0;
  virtual Task<std::optional<StoredDelivery>> delivery(const DeliveryId& id) = 0;
  virtual Task<std::vector<Hold>> holds() = 0;
  virtual Task<Counts> counts() = 0;
};

}  // namespace slipway::queue
