#include "index/input/event_weights.h"

namespace segue::index {

float event_weight(const Event& event, const EventWeights& weights) {
  if (event.rating) return *event.rating < weights.min_rating ? 0.0f : 1.0f;
  const auto found = weights.actions.find(event.action);
  return found == weights.actions.end() ? 1.0f : static_cast<float>(found->second);
}

}  // namespace segue::index
