#include "build/local/job.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <sstream>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "build/docker_config.hpp"
#include "build/image_name.hpp"
#include "build/local/stored_images.hpp"
#include "io/offload.hpp"
#include "io/secret_file.hpp"

namespace slipway::build {

namespace {

// Variables of the daemon's environment that a builder may need to reach its registries.
constexpr std::array passed_on{"HTTP_PROXY",  "HTTPS_PROXY", "NO_PROXY",      "http_proxy",
                               "https_proxy", "no_proxy",    "SSL_CERT_FILE", "SSL_CERT_DIR"};
constexpr auto grace = std::chrono::seconds(2);
constexpr std::size_t reason_lines = 3;
constexpr std::size_t most_used_images = 200;
constexpr std::size_t room_lines = 10;                ///< the lines in which a builder says why it failed
constexpr std::uintmax_t next_to_nothing = 1 << 20;  ///< bytes

bool is_full(const std::filesystem::path& folder) {
  std::error_code unknown;
  const auto space = std::filesystem::space(folder, unknown);
  return !unknown && space.available < next_to_nothing;
}

/// buildah's lines may be long, and say last what is wrong.
std::string end_of(const std::string& line) {
  constexpr std::size_t most = 120;
  return line.size() <= most ? printable(line) : "…" + printable(std::string_view(line).substr(line.size() - most));
}

/// The absolute paths in an argument: `--volume=/a:/b:ro` has two.
std::vector<std::string> paths_in(std::string_view argument) {
  std::vector<std::string> paths;
  for (std::size_t begin = 0; begin < argument.size();) {
    const std::size_t end = std::min(argument.find_first_of("=,:", begin), argument.size());
    if (argument[begin] == '/') paths.emplace_back(argument.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

}  // namespace

std::string limit_text(Clock::duration limit) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
  return seconds >= 60 && seconds % 60 == 0 ? fmt::format("{} min", seconds / 60) : fmt::format("{} s", seconds);
}

bool is_network_trouble(std::string_view words) {
  constexpr std::array marks{"connection refused",       "connection reset",   "no such host",        "i/o timeout",
                             "TLS handshake timeout",    "network is unreachable", "no route to host", "unexpected EOF",
                             "502 Bad Gateway",          "503 Service Unavailable", "504 Gateway",     "Client.Timeout exceeded",
                             "temporary failure in name resolution", "received unexpected HTTP status: 5"};
  return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) { return words.find(mark) != std::string_view::npos; });
}

bool is_want_of_room(std::string_view words) {
  constexpr std::array marks{"o space left on device", "isk quota exceeded"};  // whatever case they begin with
  return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) { return words.find(mark) != std::string_view::npos; });
}

Job::Job(const LocalParts& parts, const Host& host, Slot slot, const BuildOrder& order, RunLog& log)
    : parts_(parts),
      host_(host),
      order_(order),
      log_(log),
      slot_(std::move(slot)),
      workspace_(parts.state / "work", order.run),
      deadline_(parts.time.now() + order.timeout),
      stage_(order.check ? Stage::check : Stage::build) {}

Task<> Job::prepare() {
  auto steps = [this] {
    auto secrets = read_secrets();
    workspace_.make();
    if (auto group = host_.limits.make(order_.run, order_.resources)) group_.emplace(std::move(*group));
    for (auto& password : prepare_folders()) secrets.push_back(std::move(password));
    if (host_.own_view) prepare_view();
    return secrets;
  };
  const auto secrets = co_await io::offload(parts_.pool, std::move(steps));
  for (const auto& secret : secrets) log_.hide(secret);
}

std::vector<std::string> Job::read_secrets() const {
  std::vector<std::string> secrets;
  for (const auto& secret : order_.build.secrets) {
    auto value = io::read_secret_file(secret.file);
    if (!value) throw Refused(fmt::format("the secret `{}` cannot be given to the build: {}", secret.id, value.error().what()));
    secrets.push_back(std::move(*value));
  }
  return secrets;
}

std::vector<std::string> Job::prepare_folders() {
  std::vector<std::string> passwords;
  const auto image = ImageName::parse(order_.image, parts_.registry_settings.host);
  if (!image) throw Refused(image.error().what());
  if (parts_.registry_settings.auth_file) {
    const auto config = DockerConfig::read(*parts_.registry_settings.auth_file);
    passwords = config.secrets();
    write_private(workspace_.docker_config(), config.only(image->host));
    has_auth_ = true;
  }
  // buildah keeps the data of RUN --mount=type=cache below TMPDIR, which is removed with the run; the links preserve it.
  // Before 1.29 the folder's name did not include the user id.
  for (const auto& name : {std::string("buildah-cache"), fmt::format("buildah-cache-{}", ::geteuid())}) {
    std::filesystem::create_directory_symlink(slot_.cache("run-mounts"), workspace_.tmp() / name);
  }
  if (parts_.registry_settings.insecure) {
    write_private(workspace_.registries_conf(),
                  registries_conf(read_if_there("/etc/containers/registries.conf"), parts_.registry_settings.host));
  }
  return passwords;
}

/// Shows everything that buildah is given in this run, but not the view's own folder, whose files control what is visible.
void Job::prepare_view() {
  view_.emplace(slot_.view());
  view_->show_writable(workspace_.path());
  view_->show(workspace_.docker_config());
  view_->show(workspace_.registries_conf());
  view_->show_writable(slot_.folder());
  const auto notes = slot_.folder() / "containers";  // which layers a registry already has
  std::filesystem::create_directories(notes);
  view_->show_writable(notes, "/var/lib/containers");
  std::error_code missing;
  view_->show_writable(std::filesystem::canonical(order_.source, missing));
  for (const auto& secret : order_.build.secrets) view_->show(secret.file);
  for (const auto& mount : parts_.builder.check_mounts) {
    const auto path = mount.substr(0, mount.find(':'));
    mount.ends_with(":ro") ? view_->show(path) : view_->show_writable(path);
  }
  for (const auto& argument : parts_.builder.extra_arguments) {
    for (const auto& path : paths_in(argument)) view_->show_writable(path);
  }
  for (const char* name : {"SSL_CERT_FILE", "SSL_CERT_DIR"}) {
    if (const char* value = std::getenv(name); value != nullptr) view_->show(value);
  }
  view_->lay_out();
}

Store Job::store() const {
  Store store;
  store.root = slot_.root();
  store.runroot = slot_.runroot();
  store.driver = host_.driver;
  store.isolation = host_.isolation;
  return store;
}

std::string Job::list_name() const { return fmt::format("localhost/slipway/run-{}", order_.run.value()); }

std::vector<std::string> Job::environment(const std::vector<std::string>& own) const {
  std::map<std::string, std::string> all;
  for (const char* name : passed_on) {
    if (const char* value = std::getenv(name); value != nullptr) all[name] = value;
  }
  for (const auto& [name, value] : order_.build.environment) all[name] = value;
  // Set last, so that a pipeline cannot give a builder another home or registry configuration.
  all["PATH"] = io::search_path();
  all["HOME"] = workspace_.home().string();
  all["TMPDIR"] = workspace_.tmp().string();
  all["LANG"] = "C.UTF-8";
  all["SLIPWAY_RUN"] = std::to_string(order_.run.value());
  if (parts_.registry_settings.insecure) all["CONTAINERS_REGISTRIES_CONF"] = workspace_.registries_conf().string();
  for (const auto& pair : own) all[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
  std::vector<std::string> list;
  for (const auto& [name, value] : all) list.push_back(name + "=" + value);
  return list;
}

Argv Job::wrapped(const Argv& argv) const {
  const bool in_view = view_ && argv.front() == buildah_program(parts_.builder);
  return in_view ? host_.wrapped(argv, *view_, workspace_.path()) : host_.wrapped(argv);
}

Task<io::Exit> Job::run(Argv argv, const std::vector<std::string>& own_environment, Clock::duration limit) {
  const Clock::duration left = std::min(deadline_ - parts_.time.now(), limit);
  if (left <= Clock::duration::zero()) co_return io::Exit(0, 0, true);
  io::Command command(wrapped(argv));
  command.environment = environment(own_environment);
  command.directory = workspace_.path();
  if (group_) command.cgroups = group_->procs();
  command.limit = std::chrono::duration_cast<std::chrono::milliseconds>(left);
  command.grace = grace;
  said_ = 0;
  was_full_ = false;
  const io::OutputSink sink = [this](io::OutputStream stream, std::string_view line) {
    ++said_;
    log_.write(stream == io::OutputStream::err ? Stream::err : Stream::out, line);
    // Asked at once: what filled the disk may be removed before the command ends.
    if (is_want_of_room(line)) was_full_ = was_full_ || is_full(parts_.state);
    if (auto image = used_image(line); !image.empty() && used_images_.size() < most_used_images) used_images_.push_back(std::move(image));
  };
  const auto exit = co_await parts_.processes.run(command, sink);
  log_.flush();
  const bool failed = !exit.ok() && !exit.timed_out && exit.signal == 0;
  // buildah exits with 125 for its own failures, and otherwise with the exit code of the command that it ran.
  const bool own = argv.front() != buildah_program(parts_.builder) || exit.code == 125;
  if (failed) require_room(own);
  co_return exit;
}

void Job::require_room(bool own) const {
  std::string said;
  std::istringstream text(log_.last_lines(std::min(room_lines, said_)));
  for (std::string line; std::getline(text, line);) {
    if (is_want_of_room(line)) said = ": " + end_of(line);
  }
  // A command's own words may be about another disk, such as its container's /dev/shm.
  if (!was_full_ && !is_full(parts_.state) && (!own || said.empty())) return;
  throw NoRoom(fmt::format("there is no room on the disk of {}{}", parts_.state.string(), said));
}

std::string Job::last_words(std::size_t lines) const {
  constexpr std::array remarks{"subprocess exited with status ", "Error: exit status ", "error running subprocess: "};
  std::vector<std::string> words;
  std::istringstream text(log_.last_lines(std::min(lines + remarks.size(), said_)));
  for (std::string line; std::getline(text, line);) words.push_back(line);
  const auto is_remark = [&](const std::string& line) {
    return std::any_of(remarks.begin(), remarks.end(), [&](const char* remark) { return line.starts_with(remark); });
  };
  while (!words.empty() && is_remark(words.back())) words.pop_back();
  const std::size_t first = words.size() > lines ? words.size() - lines : 0;
  return fmt::format("{}", fmt::join(words.begin() + static_cast<std::ptrdiff_t>(first), words.end(), "\n"));
}

BuildOutcome Job::ended(const io::Exit& exit, const std::string& what) const {
  if (exit.timed_out) return TimedOut(stage_, fmt::format("{} was ended: the run's limit is {}", what, limit_text(order_.timeout)));
  if (group_ && group_->ran_out_of_memory()) {
    if (!order_.resources.memory_limit) return Lost(stage_, what + " was ended by the kernel for want of memory");
    return Failed(stage_, fmt::format("{} was ended by its memory limit of {} MiB", what, *order_.resources.memory_limit >> 20));
  }
  if (exit.signal != 0) return Lost(stage_, fmt::format("{} {}", what, exit.text()));
  const std::string words = last_words(reason_lines);
  return Failed(stage_, fmt::format("{} {}{}{}", what, exit.text(), words.empty() ? "" : ": ", words));
}

Task<BuildOutcome> Job::all() {
  if (order_.check) {
    auto end = co_await check();
    if (end) co_return std::move(*end);
  }
  co_return co_await build();
}

Task<> Job::clear_store() {
  // Without its folder the run has started nothing.
  if (!std::filesystem::exists(slot_.root()) || !std::filesystem::exists(workspace_.path())) co_return;
  const Buildah buildah(buildah_program(parts_.builder));
  auto containers = buildah.remove_containers(store());
  const auto stays = co_await tidy(std::move(containers));
  if (stays) parts_.log.warn("working containers stay behind", {{"run", order_.run.value()}, {"error", *stays}});
  if (order_.build.platforms.size() < 2) co_return;
  auto list = buildah.remove_list(store(), list_name());
  co_await tidy(std::move(list));
}

void Job::note_used_images() const {
  if (used_images_.empty()) return;
  try {
    UsedImages(slot_.used_images()).add(used_images_);
  } catch (const Unavailable& error) {  // harmless: at worst the layers are removed and rebuilt
    parts_.log.warn("it is not noted which layers were used", {{"run", order_.run.value()}, {"error", error.what()}});
  }
}

Task<std::optional<std::string>> Job::tidy(Argv argv) {
  io::Command command(wrapped(argv));
  command.environment = environment({});
  command.limit = std::chrono::seconds(60);
  std::string words;
  const io::OutputSink sink = [&](io::OutputStream, std::string_view line) { words = line; };
  const auto exit = co_await parts_.processes.run(command, sink);
  if (exit.ok()) co_return std::nullopt;
  co_return words;
}

Task<> Job::clear_folders() {
  auto remove = [this] {
    group_.reset();  // waits for its processes
    note_used_images();
    workspace_.remove();
    return !std::filesystem::exists(workspace_.path());
  };
  const bool gone = co_await io::offload(parts_.pool, std::move(remove));
  if (gone) co_return;
  // Files written by other users of a check's image can be removed only as root in its user namespace.
  Argv again{"rm", "--recursive", "--force", "--", workspace_.path().string()};
  const auto stays = co_await tidy(std::move(again));
  if (stays) parts_.log.warn("the run's folder stays behind", {{"run", order_.run.value()}, {"error", *stays}});
}

}  // namespace slipway::build
