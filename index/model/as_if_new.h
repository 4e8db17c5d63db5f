#pragma once

#include <memory>
#include <string_view>

#include "index/item_set.h"
#include "index/model/session_model.h"

namespace segue::index {

/// A model as it would be had some of its items no event yet: it has no score for them, and they say nothing
/// in a session. Mean and deviation of its scores stay those of the model, which a few items hardly move. For
/// models that know an item by its events alone; what content places has to be placed anew
/// (content_placement.h). Immutable, thread-safe; the model and the set outlive it.
class AsIfNew final : public SessionModel {
 public:
  AsIfNew(const SessionModel& model, const ItemSet& fresh) : model_(model), fresh_(fresh) {}

  std::string_view name() const noexcept override { return model_.name(); }
  bool knows(ItemId item) const override { return !fresh_.contains(item) && model_.knows(item); }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  class Session;

  const SessionModel& model_;
  const ItemSet& fresh_;
};

}  // namespace segue::index
