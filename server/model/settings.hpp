#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/log.hpp"

namespace slipway {

// The configuration apart from the catalogue, as plain data with defaults (config/README.md is the reference).

struct Endpoint {
  Endpoint() = default;
  Endpoint(std::string host_name, std::uint16_t port_number) : host(std::move(host_name)), port(port_number) {}
  /// `host:port`, with an IPv6 address in brackets.
  std::string text() const { return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port); }
  std::string host;
  std::uint16_t port = 0;  ///< 0: any free port
  bool operator==(const Endpoint&) const = default;
};

struct WebhookSettings {
  Endpoint listen{"0.0.0.0", 8080};
  std::string path = "/hooks";
  std::vector<std::filesystem::path> secret_files;  ///< one HMAC key each; all are valid at once
  std::uint64_t max_body = 32ull << 20;             ///< bytes
  std::uint64_t max_in_flight = 256ull << 20;       ///< bytes of bodies held at once; beyond that, 503
  std::size_t max_connections = 1024;
  std::chrono::seconds read_timeout{30};            ///< for one request, from its first byte
  std::chrono::seconds idle_timeout{120};
  bool operator==(const WebhookSettings&) const = default;
};

struct OperatorSettings {
  Endpoint listen{"127.0.0.1", 8081};
  std::optional<std::filesystem::path> token_file;  ///< default: `token` in the state directory, created at first start
  bool operator==(const OperatorSettings&) const = default;
};

struct LogSettings {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;
  bool operator==(const LogSettings&) const = default;
};

/// The Git server that holds the sources and, unless `handoff` says otherwise, the infra repository.
struct GitSettings {
  std::string base_url;  ///< `http://gitea-http.gitea.svc.cluster.local:3000`; a repository is `<base>/<org>/<name>.git`
  std::optional<std::filesystem::path> username_file, password_file;  ///< re-read for every connection
  bool insecure = false;                                              ///< do not verify TLS
  std::chrono::seconds timeout{60};                                   ///< absolute, for one operation
  bool complete_commits = true;
  std::size_t complete_limit = 1000;
  bool operator==(const GitSettings&) const = default;
};

struct RegistrySettings {
  std::string host;  ///< `zot.lumie-infra.com`, optionally with a port
  std::optional<std::filesystem::path> auth_file;  ///< Docker config JSON
  bool insecure = false;                           ///< plain HTTP or unverified TLS
  std::chrono::seconds timeout{60};
  bool operator==(const RegistrySettings&) const = default;
};

struct Identity {
  Identity() = default;
  Identity(std::string who, std::string address) : name(std::move(who)), email(std::move(address)) {}
  std::string name = "slipway";
  std::string email = "slipway@localhost";
  bool operator==(const Identity&) const = default;
};

/// A mirror of the infra repository, declared in `also_push`.
struct MirrorSettings {
  MirrorSettings() = default;
  std::string url;
  std::optional<std::filesystem::path> username_file, password_file;  ///< default: those of the server it is on
  bool insecure = false;
  bool operator==(const MirrorSettings&) const = default;
};

enum class DriftReaction { report, block };
enum class HandoffMode { push, pull_request };
enum class Signing { none, ssh, gpg };

struct HandoffSettings {
  std::string repository_url;  ///< full URL of the infra repository
  std::optional<std::filesystem::path> username_file, password_file;  ///< default: git's
  bool insecure = false;
  std::string branch = "main";
  std::string message = "CHORE(app): update $(APP) image to $(IMAGE_TAG)";
  Identity author, committer;
  Signing signing = Signing::none;
  std::string signing_key;
  std::vector<std::string> paths;  ///< globs of files that may be touched at all; empty: all
  int attempts = 5;                ///< counts lost races only
  std::chrono::milliseconds gather{0};  ///< how long to wait for further hand-offs of the same push
  std::chrono::seconds patience{std::chrono::hours(24)};  ///< `infrastructure_patience`
  std::chrono::seconds timeout{30};
  HandoffMode mode = HandoffMode::push;
  std::string api_url;  ///< Gitea's API for pull requests; default: derived from the repository's URL
  DriftReaction drift = DriftReaction::report;
  std::vector<std::vector<std::string>> same_addresses;  ///< `drift.same`: groups of equal addresses
  std::vector<std::string> applications;                 ///< files or URLs of Argo CD Applications
  std::vector<MirrorSettings> also_push;                 ///< declared mirrors
  bool operator==(const HandoffSettings&) const = default;
};

struct QueueSettings {
  std::size_t max_concurrent = 2;
  std::optional<std::uint64_t> memory_budget;        ///< bytes; default: 16Gi or 75 % of the host's memory, whichever is less
  std::uint64_t default_memory = 64ull << 20;        ///< for a job that declares CPU but no memory
  std::chrono::seconds reconcile_every{std::chrono::minutes(10)};
  std::chrono::seconds drain_limit{30};
  int retries = 5;                                   ///< lost builders before the hand-off
  std::chrono::seconds retry_base{10};
  std::chrono::seconds retry_limit{std::chrono::minutes(5)};
  std::chrono::seconds clean_every{std::chrono::hours(2)};
  std::chrono::seconds keep_finished{std::chrono::hours(1)};
  std::chrono::seconds keep_failed{std::chrono::hours(24 * 7)};
  std::chrono::seconds delete_grace{std::chrono::minutes(5)};  ///< for `on_success: delete`
  std::size_t keep_last = 5;                                   ///< per template, whatever their age
  std::chrono::seconds keep_deliveries{std::chrono::hours(24 * 30)};
  std::uint64_t max_log = 8ull << 20;                          ///< bytes of one run's log
  bool operator==(const QueueSettings&) const = default;
};

enum class BuilderKind { buildah, kaniko, buildctl };
enum class CacheKind { none, local, registry };

struct BuilderSettings {
  BuilderKind kind = BuilderKind::buildah;
  std::string program;       ///< default: the builder's own name, found in PATH
  std::string isolation;     ///< buildah; empty: chosen by what the host allows
  std::string storage_driver;///< empty: overlay if it works, else vfs
  CacheKind cache = CacheKind::local;
  std::vector<std::string> extra_arguments;
  std::vector<std::string> check_mounts;  ///< `host:container[:ro]` mounts for checks, and for buildah's builds, e.g. CA folders
  bool operator==(const BuilderSettings&) const = default;
};

struct Settings {
  WebhookSettings webhook;
  OperatorSettings operator_api;
  LogSettings log;
  std::filesystem::path state = "/var/lib/slipway";
  GitSettings git;
  RegistrySettings registry;
  HandoffSettings handoff;
  QueueSettings queue;
  BuilderSettings builder;
  bool shadow = false;
  bool operator==(const Settings&) const = default;
};

}  // namespace slipway
