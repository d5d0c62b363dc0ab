#include "model/run.hpp"

#include <array>
#include <utility>

namespace slipway {
namespace {

template <class E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

constexpr Names<RunState, 6> run_states{{{RunState::queued, "queued"},
                                         {RunState::running, "running"},
                                         {RunState::succeeded, "succeeded"},
                                         {RunState::failed, "failed"},
                                         {RunState::cancelled, "cancelled"},
                                         {RunState::superseded, "superseded"}}};
constexpr Names<Stage, 4> stages{{{Stage::checkout, "checkout"},
                                  {Stage::check, "check"},
                                  {Stage::build, "build"},
                                  {Stage::handoff, "handoff"}}};
constexpr Names<WaitingFor, 7> waits{{{WaitingFor::none, ""},
                                      {WaitingFor::hold, "hold"},
                                      {WaitingFor::retry, "retry"},
                                      {WaitingFor::git, "git"},
                                      {WaitingFor::registry, "registry"},
                                      {WaitingFor::memory, "memory"},
                                      {WaitingFor::disk, "disk"}}};

template <class E, std::size_t N>
std::string_view name_in(const Names<E, N>& names, E value) noexcept {
  for (const auto& [known, text] : names) {
    if (known == value) return text;
  }
  return "unknown";
}

template <class E, std::size_t N>
std::optional<E> value_in(const Names<E, N>& names, std::string_view text) noexcept {
  for (const auto& [known, spelled] : names) {
    if (spelled == text) return known;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(RunState state) noexcept { return name_in(run_states, state); }
std::string_view name(Stage stage) noexcept { return name_in(stages, stage); }
std::string_view name(WaitingFor reason) noexcept { return name_in(waits, reason); }
std::optional<RunState> run_state_from(std::string_view text) noexcept { return value_in(run_states, text); }
std::optional<Stage> stage_from(std::string_view text) noexcept { return value_in(stages, text); }
std::optional<WaitingFor> waiting_for_from(std::string_view text) noexcept { return value_in(waits, text); }

bool is_finished(RunState state) noexcept { return state != RunState::queued && state != RunState::running; }

bool may_become(RunState from, RunState to) noexcept {
  switch (from) {
    case RunState::queued: return to == RunState::running || to == RunState::superseded || to == RunState::cancelled;
    case RunState::running: return to != RunState::running;
    case RunState::failed:
    case RunState::cancelled:
    case RunState::superseded:
    case RunState::succeeded: return to == RunState::queued;
  }
  return false;
}

}  // namespace slipway
