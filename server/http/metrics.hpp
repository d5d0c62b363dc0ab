#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>

namespace slipway::http {

/// The daemon's Prometheus metrics; all names begin with `slipway_`. Values may be changed from any thread.
class Metrics {
 public:
  /// For metrics of other modules.
  prometheus::Registry& registry() noexcept { return registry_; }
  /// The counter or gauge with this name and labels, created if missing.
  prometheus::Counter& counter(const std::string& name, const std::string& help, const std::map<std::string, std::string>& labels = {});
  prometheus::Gauge& gauge(const std::string& name, const std::string& help, const std::map<std::string, std::string>& labels = {});
  /// All metrics in text exposition format 0.0.4.
  std::string text() const;

 private:
  prometheus::Registry registry_;
};

}  // namespace slipway::http
