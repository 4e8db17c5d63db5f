#pragma once

#include <limits>
#include <map>
#include <string>

#include "index/event.h"

namespace segue::index {

/// What an event weighs for the implicit models.
struct EventWeights {
  /// Events rated below it have weight 0, others that are rated 1.
  double min_rating = -std::numeric_limits<double>::infinity();
  /// By action, of events that are not rated; 1 for those that are not here.
  std::map<std::string, double> actions;
};

float event_weight(const Event& event, const EventWeights& weights);

}  // namespace segue::index
