#pragma once

#include <rapidjson/document.h>

#include <string>

namespace slipway::app {

// Formats runs, as returned by the operator API, for a terminal. Missing members count as empty.

std::string text_of(const rapidjson::Value& object, const char* member);
/// A run as one line of a table (id, state, template, repository, commit, time), and the table's header.
std::string run_header();
std::string run_line(const rapidjson::Value& run);
/// Everything about one run: one line per fact, and its stages as a table.
std::string run_page(const rapidjson::Value& run);
/// The state with what it waits for and the reason: `queued (hold): …`.
std::string run_sentence(const rapidjson::Value& run);

}  // namespace slipway::app
