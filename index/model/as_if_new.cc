#include "index/model/as_if_new.h"

#include <utility>
#include <vector>

namespace segue::index {

class AsIfNew::Session final : public EncodedSession {
 public:
  Session(std::unique_ptr<EncodedSession> session, const ItemSet& fresh)
      : session_(std::move(session)), fresh_(fresh) {}

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
    ItemSet others = allowed != nullptr ? *allowed : ItemSet(fresh_.size(), true);
    others.subtract(fresh_);
    return session_->top(k, &others);
  }
  void score(std::span<const ItemId> items, std::span<double> scores) const override {
    session_->score(items, scores);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (fresh_.contains(items[i])) scores[i] = 0;
    }
  }
  ScoreMoments moments(ItemGroup group) const override { return session_->moments(group); }

 private:
  std::unique_ptr<EncodedSession> session_;
  const ItemSet& fresh_;
};

std::unique_ptr<EncodedSession> AsIfNew::encode(const SessionView& session) const {
  std::vector<ItemId> items;
  std::vector<double> times;
  std::vector<std::uint32_t> contexts;
  for (std::size_t i = 0; i < session.items.size(); ++i) {
    if (fresh_.contains(session.items[i])) continue;
    items.push_back(session.items[i]);
    if (!session.times.empty()) times.push_back(session.times[i]);
    if (!session.contexts.empty()) contexts.push_back(session.contexts[i]);
  }
  SessionView known = session;
  known.items = items;
  known.times = times;
  known.contexts = contexts;
  auto encoded = model_.encode(known);
  return encoded ? std::make_unique<Session>(std::move(encoded), fresh_) : nullptr;
}

}  // namespace segue::index
