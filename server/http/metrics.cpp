#include "http/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace slipway::http {

// The registry gives the family or the member that is there already, so these are for setting up, not for hot paths.

prometheus::Counter& Metrics::counter(const std::string& name, const std::string& help, const std::map<std::string, std::string>& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Gauge& Metrics::gauge(const std::string& name, const std::string& help, const std::map<std::string, std::string>& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

}  // namespace slipway::http
