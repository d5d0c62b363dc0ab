#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/task.hpp"
#include "queue/queue.hpp"

namespace slipway::queue {

/// Which runs to list: newest first, every condition that is set must hold.
struct RunFilter {
  RunFilter() = default;
  std::optional<TemplateName> template_name;
  std::optional<RunState> state;
  std::optional<RepoName> repository;
  std::optional<DeliveryId> delivery;
  std::optional<CommitPrefix> commit;
  std::optional<RunId> before;         ///< cursor: only runs with a smaller id
  std::size_t at_most = 100;
};

/// A stored delivery. `headers`, `body` and `verdict` are empty in lists, and where retention has removed them.
struct StoredDelivery {
  StoredDelivery() = default;
  std::int64_t number = 0;      ///< counts up in order of storing; the cursor of lists
  DeliveryId id;
  RepoName repository;
  std::string ref;
  CommitSha before, after, base;
  Source source = Source::webhook;
  bool pending = false;
  bool gap = false;
  std::size_t runs = 0;         ///< that it made
  Clock::time_point received;
  std::string target;           ///< request target
  Headers headers;
  std::string body;
  std::string fingerprint;      ///< 64 hex digits that only the same body has
  std::string verdict;          ///< as first judged: {"runs":[{"template","trigger"}],"skipped":[{"trigger","reason","error"?}]}
  std::string completed_verdict;///< the same after completion from Git; empty: none
};

struct DeliveryFilter {
  DeliveryFilter() = default;
  std::optional<RepoName> repository;
  std::optional<CommitPrefix> after;   ///< the pushed commit
  bool only_pending = false;
  std::optional<std::int64_t> before;  ///< cursor: only smaller numbers
  std::size_t at_most = 100;
};

/// Figures for the metrics, of one moment.
struct Counts {
  Counts() = default;
  std::map<RunState, std::uint64_t> runs;
  std::map<WaitingFor, std::uint64_t> waiting;   ///< of the queued ones
  std::uint64_t deliveries = 0, pending = 0;
  std::uint64_t database_bytes = 0, body_bytes = 0;
  std::optional<Clock::time_point> oldest_queued;
};

/// Reads what the queue holds, on a connection and a thread of its own: it never waits for the writer, nor the writer for it.
/// Called on the loop. Throws Unavailable when the database can not be read.
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
