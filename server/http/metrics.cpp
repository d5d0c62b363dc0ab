#include "http/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace slipway::http {

// These look up an existing family or member in the registry each time: use them for set-up, not on hot paths.

prometheus::Counter& Metrics::counter(const std::string& name, const std::string& help, const std::map<std::string, std::string>& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Gauge& Metrics::gauge(const std::string& name, const std::string& help, const std::map<std::string, std::string>& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

}  // namespace slipway::http
