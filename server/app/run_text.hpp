#pragma once

#include <rapidjson/document.h>

#include <string>

namespace slipway::app {

// Runs, as the operator API tells them, in words for a terminal. Missing members read as empty.

std::string text_of(const rapidjson::Value& object, const char* member);
/// `REPOSITORY COMMIT TEMPLATE STATE` and so on, one line; and the line above it.
std::string run_header();
std::string run_line(const rapidjson::Value& run);
/// Everything about one run, a line a fact, its stages as a table.
std::string run_page(const rapidjson::Value& run);
/// `queued, waiting for a hold: …`: the state with what a person needs beside it.
std::string run_sentence(const rapidjson::Value& run);

}  // namespace slipway::app
