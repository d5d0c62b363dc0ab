#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "queue/queue.hpp"
#include "queue/run_reader.hpp"
#include "queue/sqlite/database.hpp"
#include "schedule/retention.hpp"

namespace slipway::queue::sqlite {

// Queries that run concurrently with the writer. Blocking; call on the reading thread.

std::vector<Run> list_runs(Database& database, const RunFilter& filter);
std::optional<Run> find_run(Database& database, RunId id);
std::vector<StoredDelivery> list_deliveries(Database& database, const DeliveryFilter& filter);
/// With headers, body and verdict from the segments in `directory`.
std::optional<StoredDelivery> find_delivery(Database& database, const std::filesystem::path& directory, const DeliveryId& id);
std::vector<Hold> list_holds(Database& database);
Counts count(Database& database, const std::filesystem::path& directory);
std::vector<Pending> list_pending(Database& database, const std::filesystem::path& directory, const DeliveryId& after,
                                  std::size_t at_most, const std::set<RepoName>& without);
/// The runs that a delivery's first verdict asked for; none if its bytes are gone. Throws Unavailable if they cannot be read now.
std::vector<RunRequest> list_first_requests(Database& database, const std::filesystem::path& directory, const DeliveryId& id);
std::vector<Taken> list_taken(Database& database, const RepoName& repository, const std::string& ref, const DeliveryId& since);
std::vector<BranchHead> list_branch_heads(Database& database);
/// Finished runs whose retention has ended, newest first.
std::vector<RunId> list_expired(Database& database, const schedule::Retention& keep, const schedule::Policy& policy,
                                Clock::time_point now, std::size_t at_most);

}  // namespace slipway::queue::sqlite
