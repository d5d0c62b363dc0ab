#include "config/settings_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/secret_file.hpp"

namespace slipway::config {
namespace {

/// The position of a key in a section; without it that of the section, or else of the whole file.
class Places {
 public:
  Places(const YAML::Node& root, const Reader& in) : root_(root), in_(in) {}
  bool has(const char* section, const char* key) const { return root_[section] && root_[section].IsMap() && root_[section][key]; }
  Position operator()(const char* section, const char* key) const {
    const YAML::Node part = root_[section];
    const YAML::Node node = has(section, key) ? part[key] : part;
    return in_.position(node ? node : root_);
  }

 private:
  const YAML::Node& root_;
  const Reader& in_;
};

bool is_everywhere(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

/// True if both cannot listen at once: a wildcard address occupies the port on every address.
bool collide(const Endpoint& a, const Endpoint& b) {
  const auto address = [](const Endpoint& one) { return one.host == "localhost" ? "127.0.0.1" : one.host; };
  const bool same_family = (a.host.find(':') == std::string::npos) == (b.host.find(':') == std::string::npos);
  return a.port != 0 && a.port == b.port &&
         (address(a) == address(b) || (same_family && (is_everywhere(a.host) || is_everywhere(b.host))));
}

void check_listeners(const Settings& settings, const Places& at, Reader& in) {
  const Endpoint &hook = settings.webhook.listen, &people = settings.operator_api.listen;
  if (!collide(hook, people)) return;
  if (at.has("operator", "listen")) {
    in.fail(Error(fmt::format("the operator listener cannot have the port of {}, which the webhook listens on", hook.text()),
                  at("operator", "listen")));
  } else {
    in.fail(Error(fmt::format("the webhook cannot have a port which the operator listener has, {}: give `operator.listen` another", people.text()),
                  at("webhook", "listen")));
  }
}

void check_logins(const Settings& settings, const Places& at, Reader& in) {
  for (const auto& [section, pair] :
       {std::pair("git", std::pair(&settings.git.username_file, &settings.git.password_file)),
        std::pair("handoff", std::pair(&settings.handoff.username_file, &settings.handoff.password_file))}) {
    if (pair.first->has_value() != pair.second->has_value()) {
      in.fail(Error("`username_file` and `password_file` go together",
                    at(section, pair.first->has_value() ? "username_file" : "password_file")));
    }
  }
}

void check_handoff(const HandoffSettings& handoff, const Places& at, Reader& in) {
  for (const auto& mirror : handoff.also_push) {
    if (mirror.username_file.has_value() != mirror.password_file.has_value())
      in.fail(Error("a mirror's `username_file` and `password_file` go together", at("handoff", "also_push")));
    if (mirror.url == handoff.repository_url)
      in.fail(Error("`also_push` names the infra repository itself", at("handoff", "also_push")));
  }
  if (handoff.mode == HandoffMode::pull_request && !handoff.also_push.empty()) {
    in.fail(Error("with `mode: pull_request` nothing is pushed to the branch: its mirrors are the server's business",
                  at("handoff", "also_push")));
  }
  if (handoff.signing != Signing::none && handoff.signing_key.empty())
    in.fail(Error("`signing` needs a `signing_key`", at("handoff", "signing")));
}

void check_state(const std::filesystem::path& state, const Position& where, Reader& in) {
  std::error_code ec;
  std::filesystem::path there = state;
  while (!std::filesystem::exists(there, ec) && there.has_relative_path()) there = there.parent_path();
  if (std::filesystem::exists(there, ec) && !std::filesystem::is_directory(there, ec))
    in.fail(Error(fmt::format("`state` cannot be made: {} is no directory", there.string()), where));
}

/// True if `<file>.pub` exists beside the signing key's path: ssh-keygen then gets the private key from an agent.
bool is_kept_by_agent(const Settings& settings, const std::filesystem::path& file) {
  std::error_code ec;
  return file == settings.handoff.signing_key && std::filesystem::exists(file.string() + ".pub", ec);
}

}  // namespace

void check_settings(const Settings& settings, const YAML::Node& root, Reader& in) {
  const Places at(root, in);
  if (settings.webhook.secret_files.empty() && root["webhook"]) {
    in.fail(Error("without a secret no delivery could ever be believed: `webhook.secret_files` needs at least one file",
                  at("webhook", "secret_files")));
  }
  check_listeners(settings, at, in);
  check_logins(settings, at, in);
  check_handoff(settings.handoff, at, in);
}

void check_files(const Settings& settings, const YAML::Node& root, Reader& in) {
  const auto& keys = settings.webhook.secret_files;
  for (const auto& [path, where] : in.files()) {
    std::error_code ec;
    const auto status = std::filesystem::status(path, ec);
    if (!std::filesystem::exists(status)) {
      if (is_kept_by_agent(settings, path)) continue;
      in.fail(Error(fmt::format("there is no file {}{}", path.string(),
                                ec && ec != std::errc::no_such_file_or_directory ? ": " + ec.message() : ""),
                    where));
    } else if (!std::filesystem::is_regular_file(status)) {
      in.fail(Error(fmt::format("{} is no plain file", path.string()), where));
    } else if (std::find(keys.begin(), keys.end(), path) != keys.end()) {
      const auto key = io::read_secret_file(path);
      if (!key) in.fail(Error(key.error().what(), where));
    }
  }
  check_state(settings.state, Places(root, in)("state", ""), in);
}

}  // namespace slipway::config
