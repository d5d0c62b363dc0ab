#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace slipway::test {

/// A port of the loopback address that nobody listens on.
std::uint16_t free_port();

/// How a program ended, with what it wrote.
struct Ended {
  int code = 0;
  std::string output, errors;
};

/// Runs a program to its end with `input` as its standard input. `environment` is put on top of this program's own.
Ended run(const std::vector<std::string>& argv, const std::string& input = "",
          const std::vector<std::pair<std::string, std::string>>& environment = {});
/// The same for programs that have to succeed: their output; throws with their errors where they do not.
std::string succeed(const std::vector<std::string>& argv, const std::string& input = "",
                    const std::vector<std::pair<std::string, std::string>>& environment = {});

/// A server that runs until this goes, or the test is killed. The constructor returns when its port answers.
class ServerProcess {
 public:
  ServerProcess(const std::vector<std::string>& argv, std::uint16_t port, const std::filesystem::path& log);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

 private:
  pid_t child_ = -1;
};

}  // namespace slipway::test
