#pragma once

#include "config/shape.hpp"
#include "model/settings.hpp"

namespace slipway::config {

// The keys of everything but the catalogue, one shape per section.

const Shape<WebhookSettings>& webhook_shape();
const Shape<OperatorSettings>& operator_shape();
const Shape<LogSettings>& log_shape();
const Shape<GitSettings>& git_shape();
const Shape<RegistrySettings>& registry_shape();
const Shape<HandoffSettings>& handoff_shape();
const Shape<QueueSettings>& queue_shape();
const Shape<BuilderSettings>& builder_shape();

}  // namespace slipway::config
